import type { ReasonTable } from '../reading/extras.js';
import type { Leaf } from '../reading/leaf.js';
import type { EntryProof } from '../reading/log.js';
import { Code } from './hash-text.js';
import { Mark } from './notice.js';
import { searchLink } from './route.js';
import { kindWords, moment, number, visible } from './words.js';

interface VerdictProps {
  readonly leaf: Leaf;
  readonly proof: EntryProof;
  readonly size: number;
  readonly reasons: ReasonTable | null;
}

const Fact = ({ name, value, field }: { readonly name: string; readonly value: string | null; readonly field?: string }) =>
  value === null ? null : (
    <>
      <dt>{name}</dt>
      <dd>{field === undefined ? <Code>{value}</Code> : <a href={searchLink({ [field]: value })}>{visible(value, 80)}</a>}</dd>
    </>
  );

/** The decision in a sentence, and what it was about. */
export const Verdict = ({ leaf, proof, size, reasons }: VerdictProps) => {
  const { title, tone, says } = kindWords(leaf.kind);
  const reason = reasons?.reasons.get(leaf.why);
  return (
    <section aria-labelledby="verdict">
      <h2 id="verdict">The decision</h2>
      <p class="verdict">
        <Mark tone={tone}>{title}</Mark>
        {leaf.why !== '' && leaf.why !== 'OK' && (
          <>
            {' for '}
            <a href={searchLink({ why: leaf.why })}>
              <code>{visible(leaf.why, 60)}</code>
            </a>
          </>
        )}
        . {says}
      </p>
      {reason !== undefined && (
        <p>
          {visible(reason.title)} ({visible(reason.clause)}). <span class="quiet">{visible(reason.advice)}</span>
        </p>
      )}
      <p>
        {proof.holds ? (
          <Mark tone="good">
            proven in this browser: entry {number(proof.index)} of the {number(size)} that the log signed
          </Mark>
        ) : (
          <Mark tone="bad">not proven</Mark>
        )}
      </p>
      <dl class="facts">
        <dt>Decided</dt>
        <dd>
          <time>{moment(leaf.time)}</time> <span class="quiet">by the gateway's clock</span>
        </dd>
        <Fact name="Action" value={leaf.action} field="action" />
        <Fact name="Client" value={leaf.ap} field="ap" />
        <Fact name="Provider, SPC" value={leaf.signer?.spc ?? null} field="provider" />
        <Fact name="Provider, domain" value={leaf.signer?.dom ?? null} field="provider" />
        <Fact name="PASSporT, SHA-256" value={leaf.passport} field="passport" />
        <Fact name="Gateway" value={leaf.gateway} />
        {leaf.rest.map(([name, json]) => (
          <Fact key={name} name={visible(name, 40)} value={json} />
        ))}
      </dl>
      <h3>Judged under</h3>
      <dl class="facts">
        <Fact name="Policy" value={leaf.policy} />
        <Fact name="Trust" value={leaf.trust} />
        <Fact name="Numbering" value={leaf.numbering} />
        <Fact name="Revocation" value={leaf.revocation} />
      </dl>
      <p class="quiet">
        Digests of what was in force. Who holds the same files and the opening judges it again: <code>signpost audit replay</code>.
      </p>
    </section>
  );
};
