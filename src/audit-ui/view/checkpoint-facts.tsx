import { useEffect, useState } from 'preact/hooks';
import type { VerifiedLog } from '../reading/log.js';
import type { Session } from '../reading/session.js';
import { Code, Hash } from './hash-text.js';
import { KeyForm } from './key-form.js';
import { Mark } from './notice.js';
import { ago, counted, moment, number, visible } from './words.js';

/** ms between two looks at the clock. */
const TICK_MS = 1_000;

const useNow = (): number => {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
};

const Continuity = ({ session }: { readonly session: Session }) => {
  const { continuity } = session;
  switch (continuity.state) {
    case 'first':
      return <Mark tone="plain">this browser sees this log for the first time; it remembers the checkpoint</Mark>;
    case 'same':
      return <Mark tone="good">the same checkpoint as {moment(continuity.seen.at)}</Mark>;
    case 'grown':
      return (
        <Mark tone="good">
          consistent: it only grew, by {number((session.log?.size ?? 0) - continuity.before.size)}, since {moment(continuity.seen.at)}
        </Mark>
      );
    case 'fork':
    case 'rollback':
    case 'unproven':
      return <Mark tone="bad">{continuity.state}: see above</Mark>;
  }
};

const KEY_WORDS = {
  typed: 'as you gave it',
  discovery: 'as this server hands it out: who trusts it trusts this connection alone',
} as const;

/** The signed checkpoint, under whose key, and whether it only grew. */
export const CheckpointFacts = ({ session, log }: { readonly session: Session; readonly log: VerifiedLog }) => {
  const now = useNow();
  const { checkpoint } = log;
  const { memory, rows, readAt } = session;
  const newest = rows.at(log.size - 1)?.time ?? null;
  return (
    <section class="checkpoint" aria-labelledby="checkpoint">
      <h2 id="checkpoint">Checkpoint</h2>
      <p class="figure">
        <span>{number(checkpoint.size)}</span> {checkpoint.size === 1 ? 'entry' : 'entries'} in {visible(checkpoint.origin, 120)}
      </p>
      <dl class="facts">
        <dt>Signature</dt>
        <dd>
          <Mark tone="good">holds</Mark> under <Code>{memory.vkey ?? ''}</Code> <span class="quiet">{KEY_WORDS[memory.from]}</span>
          <details>
            <summary>Go by another key</summary>
            <KeyForm session={session} />
          </details>
        </dd>
        <dt>Root</dt>
        <dd>
          <Hash octets={checkpoint.root} />
        </dd>
        <dt>Seen before</dt>
        <dd>
          <Continuity session={session} />
        </dd>
        <dt>Read</dt>
        <dd>
          {ago(readAt, now)}{' '}
          <button type="button" onClick={() => void session.readAgain()}>
            Read again
          </button>
        </dd>
        <dt>Newest entry</dt>
        <dd>{newest === null ? (log.size === 0 ? 'none' : 'not read yet') : `${moment(newest)}, ${ago(newest, now)}`}</dd>
      </dl>
    </section>
  );
};

const STATES = {
  holds: <Mark tone="good">holds</Mark>,
  'no-key': <Mark tone="plain">key not known here, so not verified</Mark>,
  broken: <Mark tone="bad">does not hold</Mark>,
} as const;

/** Who else vouches for this checkpoint, and since when. */
export const Witnesses = ({ session }: { readonly session: Session }) => {
  const now = useNow();
  const { cosignatures } = session;
  if (cosignatures.length === 0)
    return (
      <p>
        No witness has cosigned this checkpoint: that it is the only one of its size, only those who compare can say. This browser compares
        with what it saw.
      </p>
    );
  return (
    <table class="witnesses">
      <caption>{counted(cosignatures.length, 'cosignature', 'cosignatures')} below this checkpoint</caption>
      <thead>
        <tr>
          <th scope="col">Witness</th>
          <th scope="col">Cosignature</th>
          <th scope="col">Cosigned</th>
        </tr>
      </thead>
      <tbody>
        {cosignatures.map(({ name, id, time, state }) => (
          <tr key={`${name} ${id}`}>
            <th scope="row">{visible(name, 80)}</th>
            <td>{STATES[state]}</td>
            <td>{time === null ? 'no time' : `${moment(time * 1000)}, ${ago(time * 1000, now)}`}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};
