import { parseVkey, splitNote, verifyLines } from '../proof/note.js';
import { Fault, fail } from '../proof/fault.js';
import { isHash } from '../proof/hash.js';
import { fromBase64, utf8, type Octets } from '../proof/octets.js';

/** The log's promise that a leaf with this hash is at this index. */
export interface Receipt {
  readonly origin: string;
  readonly index: number;
  readonly leafHash: Octets;
  /** ms */
  readonly time: number;
  /** What is known of its signature: whether it holds, or why that cannot be said. */
  readonly signature: 'holds' | 'no-key' | 'broken';
}

const TEXT = /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/=]{44})\n([1-9][0-9]{0,15})\n$/u;

const signatureOf = async (note: ReturnType<typeof splitNote>, vkey: string | null): Promise<Receipt['signature']> => {
  if (vkey === null) return 'no-key';
  try {
    return (await verifyLines(note, await parseVkey(vkey))).length > 0 ? 'holds' : 'broken';
  } catch (error) {
    if (error instanceof Fault) return 'broken';
    throw error;
  }
};

/** A receipt as an AP keeps it: copied out of a JSON answer too, with its line feeds as escapes. @throws Fault `malformed-note`, `malformed-proof` */
export const readReceipt = async (pasted: string, vkey: string | null): Promise<Receipt> => {
  const text = pasted.replaceAll('\\n', '\n').trim();
  const note = splitNote(utf8(`${text}\n`));
  const [, origin = '', index = '', hash = '', time = ''] = TEXT.exec(note.text) ?? [];
  const leafHash = fromBase64(hash);
  if (!isHash(leafHash) || !Number.isSafeInteger(Number(index)))
    return fail('malformed-proof', 'not a receipt: origin, index, leaf hash and time');
  return { origin, index: Number(index), leafHash, time: Number(time), signature: await signatureOf(note, vkey) };
};
