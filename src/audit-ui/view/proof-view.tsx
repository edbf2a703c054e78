import { encodeProof } from '../proof/tlog-proof.js';
import { toBase64 } from '../proof/octets.js';
import type { EntryProof, VerifiedLog } from '../reading/log.js';
import type { Session } from '../reading/session.js';
import { Code, Hash } from './hash-text.js';
import { Mark } from './notice.js';
import { SaveButton } from './save-button.js';
import { moment, number, visible } from './words.js';

interface ProofProps {
  readonly session: Session;
  readonly log: VerifiedLog;
  readonly proof: EntryProof;
}

const Folds = ({ proof }: { readonly proof: EntryProof }) => (
  <ol class="folds">
    <li>
      <span class="fold-name">Leaf hash, SHA-256(00 ‖ octets of the leaf)</span>
      <Hash octets={proof.leafHash} />
    </li>
    {proof.folds.map(({ side, sibling, result }, i) => (
      <li key={i}>
        <span class="fold-name">
          Level {i + 1}: sibling on the <strong>{side}</strong>
        </span>
        <Hash octets={sibling} />
        <span class="fold-name">
          SHA-256(01 ‖ {side === 'left' ? 'sibling ‖ ours' : 'ours ‖ sibling'}){' '}
          {i + 1 === proof.folds.length && '= the root that this proof gives'}
        </span>
        <Hash octets={result} />
      </li>
    ))}
  </ol>
);

const Seen = ({ session }: { readonly session: Session }) => {
  const { continuity } = session;
  if (continuity.state === 'first') return <Mark tone="plain">the first checkpoint of this log that this browser sees</Mark>;
  const { size } = continuity.before;
  if (continuity.state === 'same') return <Mark tone="good">the same as the last that this browser saw, {moment(continuity.seen.at)}</Mark>;
  if (continuity.state === 'grown')
    return (
      <Mark tone="good">
        consistent: it begins with the {number(size)} entries that this browser saw {moment(continuity.seen.at)}
      </Mark>
    );
  return (
    <Mark tone="bad">
      {continuity.state.toUpperCase()} against the {number(size)} entries that this browser saw
    </Mark>
  );
};

/** Every hash between the octets of the leaf and the signature of the log, computed here. */
export const ProofView = ({ session, log, proof }: ProofProps) => {
  const { checkpoint } = log;
  const { memory } = session;
  return (
    <section aria-labelledby="proof">
      <h2 id="proof">The proof</h2>
      <p>Each hash was computed in this browser, from the octets below and the published tiles alone (RFC 9162 section 2.1.3.2).</p>
      <Folds proof={proof} />
      <dl class="facts">
        <dt>Root of the checkpoint</dt>
        <dd>
          <Hash octets={checkpoint.root} /> <Mark tone={proof.holds ? 'good' : 'bad'}>{proof.holds ? 'the same' : 'NOT the same'}</Mark>
        </dd>
        <dt>Checkpoint</dt>
        <dd>
          {visible(checkpoint.origin, 120)}, {number(checkpoint.size)} entries
        </dd>
        <dt>Signature line</dt>
        <dd>
          <Code>{checkpoint.line.line}</Code> <Mark tone="good">Ed25519 holds</Mark>
        </dd>
        <dt>Key</dt>
        <dd>
          <Code>{memory.vkey ?? ''}</Code>{' '}
          <span class="quiet">
            {memory.from === 'typed' ? 'which you gave' : 'which this server handed out: another way to it proves more'}
          </span>
        </dd>
        <dt>Seen before</dt>
        <dd>
          <Seen session={session} />
        </dd>
      </dl>
      {proof.holds && (
        <p class="buttons">
          <SaveButton name={`entry-${proof.index}.tlog-proof`} octets={encodeProof(proof, checkpoint)}>
            Save as .tlog-proof
          </SaveButton>
          <span class="quiet">
            leaf hash <code class="hash">{toBase64(proof.leafHash)}</code>, for <code>signpost audit verify</code>
          </span>
        </p>
      )}
    </section>
  );
};
