import { decodeBase64, encodeBase64 } from '../encoding/index.js';
import { refuse } from '../reasons/index.js';
import { verifyNote, type VerifiedLine } from './note.js';
import { fromCount, type Count } from './proof.js';
import { isHash } from './sha256.js';
import type { TlogPolicy } from './tlog-policy.js';
import { KEY_TYPE, toKey, type VerificationKey } from './vkey.js';

export interface Checkpoint {
  readonly origin: string;
  readonly size: Count;
  readonly root: Uint8Array;
}

/** C2SP tlog-checkpoint: origin, size without leading zeros, root; further lines may stand below and are not empty. */
const TEXT = /^([^\n]+)\n(0|[1-9][0-9]{0,19})\n([A-Za-z0-9+/=]{44})\n(?:[^\n]+\n)*$/;

/**
 * The text of a checkpoint note, without its signatures. Says nothing about who signed it: open the note first.
 * @throws Refusal `malformed-checkpoint`
 */
export const parseCheckpoint = (text: string): Checkpoint => {
  const match = typeof text === 'string' && text.length <= 65_536 ? TEXT.exec(text) : null;
  if (match === null) return refuse('malformed-checkpoint');
  const [origin, digits, base64] = match.slice(1) as [string, string, string];
  const size = BigInt(digits);
  const root = decodeBase64(base64);
  if (size >= 1n << 64n) return refuse('malformed-checkpoint', 'size');
  return isHash(root) ? { origin, size: fromCount(size), root } : refuse('malformed-checkpoint', 'root');
};

/** Without extension lines: monitors cannot audit them. */
export const formatCheckpoint = ({ origin, size, root }: Checkpoint): string => `${origin}\n${size}\n${encodeBase64(root)}\n`;

/**
 * A checkpoint that the log itself signed: a note that only witnesses signed proves nothing about the log.
 * @throws Refusal `malformed-note`, `untrusted-note`, `malformed-checkpoint`
 */
export const openCheckpoint = (
  note: string | Uint8Array,
  log: string | VerificationKey,
  cosigners: readonly VerificationKey[] = [],
): Checkpoint & { readonly lines: readonly VerifiedLine[] } => {
  const key = toKey(log);
  if (key.type !== KEY_TYPE.ed25519) return refuse('untrusted-note', 'log key');
  const { text, lines } = verifyNote(note, [key, ...cosigners]);
  if (!lines.some((line) => line.key.type === KEY_TYPE.ed25519 && line.key.name === key.name && line.key.id === key.id))
    return refuse('untrusted-note', 'log key');
  const checkpoint = parseCheckpoint(text);
  return checkpoint.origin === key.name ? { ...checkpoint, lines } : refuse('untrusted-note', 'origin');
};

/** A checkpoint that a log of a policy signed, and the policy's witnesses that cosigned it. Whether they are a quorum is for the caller to ask. */
export interface WitnessedCheckpoint extends Checkpoint {
  readonly cosigners: readonly VerifiedLine[];
}

/** @throws Refusal `malformed-note`, `untrusted-note`, `malformed-checkpoint` */
export const openUnder = (policy: TlogPolicy, note: string | Uint8Array): WitnessedCheckpoint => {
  const cosigners = policy.witnesses.map(({ key }) => key);
  const { lines, ...checkpoint } = openCheckpoint(note, logOf(policy, note), cosigners);
  return { ...checkpoint, cosigners: lines.filter(({ key }) => key.type === KEY_TYPE.cosignature) };
};

/** Of several logs, or keys of one, the one that signed; what it signed is verified by whoever asks. */
const logOf = ({ logs }: TlogPolicy, note: string | Uint8Array): VerificationKey => {
  const [only, ...others] = logs;
  if (only === undefined) return refuse('untrusted-note', 'no log');
  if (others.length === 0) return only;
  const { text, lines } = verifyNote(note, logs);
  const { origin } = parseCheckpoint(text);
  return lines.find(({ key }) => key.name === origin)?.key ?? refuse('untrusted-note', 'origin');
};
