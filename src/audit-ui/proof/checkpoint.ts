import { fail } from './fault.js';
import { isHash } from './hash.js';
import { KEY_TYPE, splitNote, verifyLines, type Note, type SignatureLine, type VerificationKey } from './note.js';
import { fromBase64, type Octets } from './octets.js';

export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Octets;
}

/** C2SP tlog-checkpoint: origin, size without leading zeros, root; further lines may stand below and are not empty. */
const TEXT = /^([^\n]+)\n(0|[1-9][0-9]{0,19})\n([A-Za-z0-9+/=]{44})\n(?:[^\n]+\n)*$/;

/** Says nothing about who signed it. */
export const parseCheckpoint = (text: string): Checkpoint => {
  const [, origin = '', digits = '', base64 = ''] = TEXT.exec(text) ?? [];
  const root = fromBase64(base64);
  if (origin === '' || !isHash(root)) return fail('malformed-checkpoint', 'not an origin, a size and a root');
  const size = Number(digits);
  return Number.isSafeInteger(size) ? { origin, size, root } : fail('malformed-checkpoint', `a size of ${digits} is beyond this page`);
};

export interface OpenedCheckpoint extends Checkpoint {
  readonly note: Note;
  /** The octets as they came, signatures and all. */
  readonly octets: Octets;
  /** The log's own signature line, which holds. */
  readonly line: SignatureLine;
}

/** A checkpoint that the log itself signed: its key's name is its origin. */
export const openCheckpoint = async (octets: Octets, key: VerificationKey): Promise<OpenedCheckpoint> => {
  if (key.type !== KEY_TYPE.ed25519) return fail('untrusted-note', "this is a witness's key, not the log's");
  const note = splitNote(octets);
  const [own] = await verifyLines(note, key);
  if (own === undefined) return fail('untrusted-note', `${key.name} (key ${key.id}) did not sign it`);
  const checkpoint = parseCheckpoint(note.text);
  if (checkpoint.origin !== key.name) return fail('untrusted-note', `it is of another log, ${checkpoint.origin}`);
  return { ...checkpoint, note, octets, line: own.line };
};
