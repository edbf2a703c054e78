import type { Octets } from '../proof/octets.js';
import type { Continuity } from '../reading/continuity.js';
import type { Session } from '../reading/session.js';
import { Code, Hash } from './hash-text.js';
import { KeyForm } from './key-form.js';
import { Notice } from './notice.js';
import { SaveButton } from './save-button.js';
import { moment, number } from './words.js';

const Evidence = ({ before, now }: { readonly before: Octets; readonly now: Octets }) => (
  <p class="buttons">
    <SaveButton name="checkpoint-before.txt" octets={before}>
      Save the one seen before
    </SaveButton>
    <SaveButton name="checkpoint-now.txt" octets={now}>
      Save the one shown now
    </SaveButton>
  </p>
);

const TITLES = {
  fork: 'FORK: this log has shown two histories',
  rollback: 'ROLLBACK: this log has become smaller',
  unproven: 'Not proven that the log only grew',
} as const;

const WORDS = {
  fork: 'Both checkpoints are signed by the log, and no log that only grows has both. Keep them: together they are evidence. What is below may not be what others are shown.',
  rollback:
    'A smaller checkpoint than one that this browser saw: the server was rolled back, a mirror is behind, or entries are being hidden.',
  unproven: 'The files from which the proof would be made do not lead to this checkpoint. The older checkpoint is kept until they do.',
} as const;

const ContinuityAlarm = ({ continuity, session }: { readonly continuity: Continuity; readonly session: Session }) => {
  if (session.log === null || continuity.state === 'first' || continuity.state === 'same' || continuity.state === 'grown') return null;
  const { state, seen, before } = continuity;
  const { size, root, octets } = session.log.checkpoint;
  return (
    <Notice tone="bad" title={TITLES[state]} isAlarm>
      <p>{WORDS[state]}</p>
      {state === 'unproven' && <p>{continuity.what}</p>}
      <dl class="facts">
        <dt>Seen {moment(seen.at)}</dt>
        <dd>
          {number(before.size)} entries, root <Hash octets={before.root} />
        </dd>
        <dt>Shown now</dt>
        <dd>
          {number(size)} entries, root <Hash octets={root} />
        </dd>
      </dl>
      <Evidence before={seen.octets} now={octets} />
    </Notice>
  );
};

const KeyAlarm = ({ session }: { readonly session: Session }) => {
  const { otherKey, memory } = session;
  if (otherKey === null) return null;
  return (
    <Notice tone="bad" title="The server hands out another key than the one that this page goes by" isAlarm>
      <p>
        This page goes by <Code>{memory.vkey ?? ''}</Code>,{' '}
        {memory.from === 'typed' ? 'which you gave it' : 'which the server handed out before'}. The server now says <Code>{otherKey}</Code>.
        Ask the operator, over another way, before you go by it.
      </p>
      <KeyForm session={session} />
    </Notice>
  );
};

const MISSING_KEY = 'This page needs the key of the log';

/** What must not be overlooked, above everything else. */
export const Alarms = ({ session }: { readonly session: Session }) => {
  const { phase, fault, continuity } = session;
  return (
    <>
      {phase === 'no-key' && (
        <Notice tone="warn" title={MISSING_KEY}>
          <p>
            No server hands it out here, and this browser knows none. Without it nothing that is beside this page proves anything, so
            nothing is shown.
          </p>
          <KeyForm session={session} />
        </Notice>
      )}
      {phase === 'stopped' && fault !== null && (
        <Notice tone="bad" title={fault.code === 'unreachable' ? 'The log cannot be reached' : 'The checkpoint does not hold'} isAlarm>
          <p>
            <code>{fault.code}</code>: {fault.message}.{' '}
            {session.log === null ? 'Nothing is shown.' : 'What is below is of the checkpoint before.'}
          </p>
          <button type="button" onClick={() => void session.readAgain()}>
            Try again
          </button>
          <details>
            <summary>Go by another key</summary>
            <KeyForm session={session} />
          </details>
        </Notice>
      )}
      <KeyAlarm session={session} />
      <ContinuityAlarm continuity={continuity} session={session} />
      <BundleAlarm session={session} />
    </>
  );
};

const BundleAlarm = ({ session }: { readonly session: Session }) => {
  const broken = [...(session.queue?.broken.values() ?? [])];
  if (broken.length === 0) return null;
  return (
    <Notice tone="bad" title={`${number(broken.length)} of the files with entries cannot be shown`} isAlarm>
      <ul>
        {broken.slice(0, 5).map((fault) => (
          <li key={fault.message}>
            <code>{fault.code}</code>: {fault.message}
          </li>
        ))}
      </ul>
      <p>Their entries are left out below.</p>
      <button type="button" onClick={() => void session.readAgain()}>
        Read again
      </button>
    </Notice>
  );
};
