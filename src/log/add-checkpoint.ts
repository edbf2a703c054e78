import { decodeBase64, encodeBase64 } from '../encoding/index.js';
import { refuse } from '../reasons/index.js';
import { fromCount, toCount, type Count } from './proof.js';
import { isHash } from './sha256.js';

/** C2SP tlog-witness: what a log asks of a witness. */
export interface AddCheckpoint {
  /** The size that the witness is thought to know. */
  readonly oldSize: Count;
  /** Consistency proof from there to the checkpoint; empty from size 0, and from a size to itself. */
  readonly proof: readonly Uint8Array[];
  /** The checkpoint note, with signatures. */
  readonly checkpoint: string;
}

/** C2SP tlog-witness: 64 levels of hashes at the most, less the one that is the root. */
const MAX_PROOF_LINES = 63;

/** The body of a request. */
export const encodeAddCheckpoint = ({ oldSize, proof, checkpoint }: AddCheckpoint): string =>
  `${[`old ${oldSize}`, ...proof.map(encodeBase64)].join('\n')}\n\n${checkpoint}`;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const textOf = (octets: Uint8Array): string => {
  try {
    return utf8.decode(octets);
  } catch {
    return refuse('malformed-request', 'UTF-8');
  }
};

/** The parts of a request, unverified. @throws Refusal `malformed-request` */
export const parseAddCheckpoint = (body: Uint8Array): AddCheckpoint => {
  const text = textOf(body);
  const blank = text.indexOf('\n\n');
  if (blank < 0) return refuse('malformed-request', 'separator');
  const [head = '', ...lines] = text.slice(0, blank).split('\n', MAX_PROOF_LINES + 2);
  const digits = /^old (0|[1-9][0-9]{0,19})$/.exec(head)?.[1];
  const oldSize = digits === undefined ? null : toCount(BigInt(digits));
  if (oldSize === null) return refuse('malformed-request', 'old size');
  if (lines.length > MAX_PROOF_LINES) return refuse('malformed-request', 'proof length');
  const proof = lines.map((line) => decodeBase64(line));
  if (!proof.every((hash) => isHash(hash))) return refuse('malformed-request', 'proof line');
  return { oldSize: fromCount(oldSize), proof, checkpoint: text.slice(blank + 2) };
};
