import type { CrlHostState } from '../../ports/index.js';
import { isGood } from './outcome.js';
import type { Place } from './place.js';

const earliest = (times: readonly number[]): number | null => (times.length === 0 ? null : Math.min(...times));

/** What is kept of each host. */
export const hostStatesOf = (places: readonly Place[]): CrlHostState[] =>
  [...new Set(places.map(({ host }) => host))].sort().map((host) => {
    const kept = places.flatMap((place) => (place.host === host && place.kept !== null ? [place.kept.crl] : []));
    return {
      host,
      kept: kept.length,
      thisUpdate: earliest(kept.map(({ thisUpdate }) => thisUpdate)),
      nextUpdate: earliest(kept.map(({ nextUpdate }) => nextUpdate ?? 0)),
    };
  });

const untilOf = ({ kept }: Place): string => {
  const until = kept?.crl.nextUpdate ?? null;
  return until === null ? 'none is kept' : `the last good one holds until ${new Date(until * 1000).toISOString()}`;
};

/** Places whose last fetch brought nothing good, or whose CRL is not on the disk. */
export const remarksOf = (places: readonly Place[]): string[] =>
  places.flatMap((place) => {
    const { host, outcome, detail, isUnsaved } = place;
    const failed =
      outcome !== null && !isGood(outcome) ? [`CRL of ${host}: ${outcome}${detail === null ? '' : ` (${detail})`}: ${untilOf(place)}`] : [];
    return isUnsaved ? [...failed, `CRL of ${host}: is not saved: a restart would begin with the one before`] : failed;
  });
