import { decodeBase64, encodeBase64 } from '../encoding/index.js';
import { refuse } from '../reasons/index.js';
import { cosignedMessage } from './cosignature.js';
import { KEY_TYPE, isKeyName, keyId, toKey, verifyEd25519, type VerificationKey } from './vkey.js';

/** C2SP signed-note: who signs notes. The private key may live elsewhere. */
export interface Signer {
  readonly name: string;
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

/** One that signs beside other work. */
export interface PoolSigner extends Omit<Signer, 'sign'> {
  signInPool(message: Uint8Array): Promise<Uint8Array>;
}

export interface NoteSignature {
  readonly name: string;
}

export interface VerifiedLine {
  readonly key: VerificationKey;
  /** Seconds, of a cosignature; null for a plain signature. */
  readonly time: bigint | null;
  /** What stands in the line after the key id. */
  readonly payload: Uint8Array;
}

interface Line {
  readonly name: string;
  readonly id: string;
  readonly signature: Buffer;
}

/** C2SP signed-note asks verifiers to take at least 16 signatures; caps bound the work that a stranger's note can cause. */
const MAX_LINES = 100;
export const MAX_NOTE_OCTETS = 64 * 1024;

const LONE_SURROGATE = /\p{Surrogate}/u;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const textOf = (note: unknown): string => {
  if (note instanceof Uint8Array) {
    if (note.length > MAX_NOTE_OCTETS) return refuse('malformed-note', 'size');
    try {
      return utf8.decode(note);
    } catch {
      return refuse('malformed-note', 'UTF-8');
    }
  }
  if (typeof note !== 'string' || LONE_SURROGATE.test(note)) return refuse('malformed-note', 'UTF-8');
  if (note.length > MAX_NOTE_OCTETS || Buffer.byteLength(note) > MAX_NOTE_OCTETS) return refuse('malformed-note', 'size');
  return note;
};

/** C2SP signed-note: "— <name> <base64(id || signature)>"; one of a key that is not known must be well-formed too. */
const parseLine = (line: string): Line => {
  const [dash, name, base64, ...rest] = line.split(' ');
  if (dash !== '\u2014' || name === undefined || base64 === undefined || rest.length > 0 || !isKeyName(name))
    return refuse('malformed-note', 'signature line');
  const octets = decodeBase64(base64);
  if (octets === null || octets.length < 5) return refuse('malformed-note', 'signature line');
  return { name, id: octets.toString('hex', 0, 4), signature: octets.subarray(4) };
};

/** Text and signature lines, unverified. @throws Refusal `malformed-note` */
const splitNote = (note: unknown): { text: string; lines: Line[] } => {
  const whole = textOf(note);
  if (/[\u0000-\u0009\u000b-\u001f]/.test(whole)) return refuse('malformed-note', 'control character');
  // The text may hold empty lines itself: the last one separates.
  const blank = whole.lastIndexOf('\n\n');
  if (blank < 0 || !whole.endsWith('\n')) return refuse('malformed-note', 'separator');
  const block = whole.slice(blank + 2, -1);
  if (block.length === 0) return refuse('malformed-note', 'no signature');
  const lines = block.split('\n', MAX_LINES + 1);
  if (lines.length > MAX_LINES) return refuse('malformed-note', 'number of signatures');
  return { text: whole.slice(0, blank + 1), lines: lines.map(parseLine) };
};

/** What a note says, whoever may have signed it: to find out whose signature to ask for. @throws Refusal `malformed-note` */
export const unverifiedText = (note: string | Uint8Array): string => splitNote(note).text;

const keysOf = (vkeys: unknown): Map<string, VerificationKey> => {
  if (!Array.isArray(vkeys)) return refuse('untrusted-note', 'no keys');
  const keys = new Map<string, VerificationKey>();
  for (const vkey of vkeys as unknown[]) {
    const key = toKey(vkey);
    const slot = `${key.name} ${key.id}`;
    const other = keys.get(slot);
    // Ids have 32 bits: whoever finds a collision must not choose which key counts.
    if (other !== undefined && Buffer.compare(other.publicKey, key.publicKey) !== 0) return refuse('untrusted-note', 'ambiguous key');
    keys.set(slot, key);
  }
  return keys;
};

const verifyLine = (key: VerificationKey, text: string, signature: Buffer): VerifiedLine => {
  if (key.type === KEY_TYPE.ed25519) {
    if (!verifyEd25519(key, Buffer.from(text), signature)) return refuse('untrusted-note', 'signature');
    return { key, time: null, payload: signature };
  }
  if (signature.length !== 72) return refuse('untrusted-note', 'signature');
  const time = signature.readBigUInt64BE(0);
  if (!verifyEd25519(key, cosignedMessage(time, text), signature.subarray(8))) return refuse('untrusted-note', 'signature');
  return { key, time, payload: signature };
};

/**
 * The text of a note, and each known key that signed it, once, in the order of the lines.
 * @throws Refusal `malformed-note`, `untrusted-note`
 */
export const verifyNote = (
  note: string | Uint8Array,
  vkeys: ReadonlyArray<string | VerificationKey>,
): { text: string; lines: VerifiedLine[] } => {
  const { text, lines } = splitNote(note);
  const keys = keysOf(vkeys);
  const verified = new Map<VerificationKey, VerifiedLine>();
  for (const line of lines) {
    const key = keys.get(`${line.name} ${line.id}`);
    if (key === undefined) continue;
    // Every line of a known key must verify: one bad line spoils the note.
    const result = verifyLine(key, text, line.signature);
    if (!verified.has(key)) verified.set(key, result);
  }
  if (verified.size === 0) return refuse('untrusted-note', 'no known key');
  return { text, lines: [...verified.values()] };
};

/**
 * Opens a C2SP signed note: `text` is vouched for by every name in `signatures`, and by nobody else who may stand below it.
 * Lines of keys that are not in `vkeys` are ignored; a bad signature of a known key refuses the whole note; one good one is needed.
 * Which key signed is for the caller to judge: a checkpoint counts only with the log's own.
 * @throws Refusal `malformed-note`, `untrusted-note`
 */
export const openNote = (
  note: string | Uint8Array,
  vkeys: ReadonlyArray<string | VerificationKey>,
): { text: string; signatures: NoteSignature[] } => {
  const { text, lines } = verifyNote(note, vkeys);
  return { text, signatures: lines.map((line) => ({ name: line.key.name })) };
};

/** A signature line for a text. */
export const signatureLine = (name: string, id: string, signature: Uint8Array): string =>
  `\u2014 ${name} ${encodeBase64(Buffer.concat([Buffer.from(id, 'hex'), signature]))}\n`;

/**
 * Signs a text, which must end in a line feed, as a note.
 * @throws Refusal `malformed-note` when the text could not be read back
 */
export const signNote = (text: string, signers: readonly Signer[]): string => {
  const message = messageOf(text);
  return `${text}\n${signers.map((signer) => lineOf(signer, signer.sign(message))).join('')}`;
};

/** As `signNote`, on a thread of the runtime's pool. @throws Refusal `malformed-note` when the text could not be read back */
export const signNoteInPool = async (text: string, signer: PoolSigner): Promise<string> =>
  `${text}\n${lineOf(signer, await signer.signInPool(messageOf(text)))}`;

const messageOf = (text: string): Buffer => {
  if (!text.endsWith('\n') || LONE_SURROGATE.test(text) || /[\u0000-\u0009\u000b-\u001f]/.test(text))
    return refuse('malformed-note', 'text');
  return Buffer.from(text);
};

const lineOf = ({ name, publicKey }: Omit<Signer, 'sign'>, signature: Uint8Array): string =>
  signatureLine(name, keyId(name, KEY_TYPE.ed25519, publicKey), signature);
