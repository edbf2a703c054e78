import { decodeBase64, encodeBase64 } from '../encoding/index.js';
import { refuse } from '../reasons/index.js';
import { fromCount, type Count } from './proof.js';
import { signNote, signNoteInPool, verifyNote, type PoolSigner, type Signer } from './note.js';
import { isHash } from './sha256.js';
import { KEY_TYPE, toKey, type VerificationKey } from './vkey.js';

/** The log's promise that a leaf with this hash is, and stays, at this index. Any later checkpoint with another leaf there proves it broken. */
export interface Receipt {
  readonly origin: string;
  readonly index: Count;
  readonly leafHash: Uint8Array;
  /** ms since 1970. */
  readonly time: number;
}

/** Its own key name: a receipt can never be taken for a checkpoint. */
export const receiptKeyName = (origin: string): string => `${origin}/receipt`;

/** CONTRACT section 2: four lines: origin, index, leaf hash in padded base64, unix ms. */
const textOf = ({ origin, index, leafHash, time }: Receipt): string => `${origin}\n${index}\n${encodeBase64(leafHash)}\n${time}\n`;

export const signReceipt = (receipt: Receipt, signer: Signer): string => signNote(textOf(receipt), [signer]);

/** As `signReceipt`, on a thread of the runtime's pool. */
export const signReceiptInPool = (receipt: Receipt, signer: PoolSigner): Promise<string> => signNoteInPool(textOf(receipt), signer);

const TEXT = /^([^\n]+)\n(0|[1-9][0-9]{0,19})\n([A-Za-z0-9+/=]{44})\n([1-9][0-9]{0,15})\n$/u;

/**
 * Verifies a receipt under the log's receipt key. Proves that the log promised; that it kept the promise, an inclusion proof shows.
 * @throws Refusal `malformed-note`, `untrusted-note`, `malformed-proof`
 */
export const verifyReceipt = (receipt: string | Uint8Array, vkey: string | VerificationKey): Receipt => {
  const key = toKey(vkey);
  if (key.type !== KEY_TYPE.ed25519) return refuse('untrusted-note', 'key type');
  const { text } = verifyNote(receipt, [key]);
  const match = TEXT.exec(text);
  if (match === null) return refuse('malformed-proof', 'receipt');
  const [origin, index, hash, time] = match.slice(1) as [string, string, string, string];
  const octets = decodeBase64(hash);
  // A time that a double cannot hold would be read as another.
  if (!isHash(octets) || BigInt(index) >= 1n << 64n || !Number.isSafeInteger(Number(time))) return refuse('malformed-proof', 'receipt');
  if (receiptKeyName(origin) !== key.name) return refuse('untrusted-note', 'origin');
  return { origin, index: fromCount(BigInt(index)), leafHash: octets, time: Number(time) };
};
