import type { Ranking } from '../reading/counts.js';
import { searchLink } from './route.js';
import { number, visible } from './words.js';

interface RankingProps {
  readonly title: string;
  readonly ranking: Ranking;
  /** What a name is searched by. */
  readonly field: string;
  readonly words?: (name: string) => string;
}

const MOST = 10;

/** Names by count; each leads to the entries behind it. */
export const RankingTable = ({ title, ranking, field, words = (name) => visible(name, 60) }: RankingProps) => {
  const most = ranking[0]?.[1] ?? 1;
  return (
    <section class="ranking">
      <h3>{title}</h3>
      {ranking.length === 0 ? (
        <p class="quiet">None in what was read.</p>
      ) : (
        <table>
          <thead class="unseen">
            <tr>
              <th scope="col">{title}</th>
              <th scope="col">Entries</th>
            </tr>
          </thead>
          <tbody>
            {ranking.slice(0, MOST).map(([name, count]) => (
              <tr key={name}>
                <th scope="row">
                  <a href={searchLink({ [field]: name })}>{words(name)}</a>
                  <span class="bar" aria-hidden="true" style={{ width: `${Math.max(1, (100 * count) / most)}%` }} />
                </th>
                <td>{number(count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {ranking.length > MOST && <p class="quiet">and {number(ranking.length - MOST)} more</p>}
    </section>
  );
};
