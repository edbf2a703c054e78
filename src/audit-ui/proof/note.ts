import { fail } from './fault.js';
import { sha256 } from './hash.js';
import { concat, fromBase64, textOf, toHex, utf8, type Octets } from './octets.js';

/** C2SP signed-note: 0x01 Ed25519 over the text; 0x04 cosignature/v1 over time and text. */
export const KEY_TYPE = { ed25519: 1, cosignature: 4 } as const;

export interface VerificationKey {
  readonly name: string;
  readonly type: number;
  /** 4 octets, hex. */
  readonly id: string;
  readonly publicKey: Octets;
}

/** C2SP signed-note: not empty, no Unicode space, no "+". */
const isKeyName = (name: string): boolean => name.length > 0 && !/[\p{White_Space}\p{Surrogate}+\u0000-\u001f]/u.test(name);

/** C2SP signed-note: SHA-256(name || 0x0A || type || public key), the first 4 octets. */
const keyId = async (name: string, type: number, publicKey: Octets): Promise<string> =>
  toHex((await sha256(concat(utf8(`${name}\n`), Uint8Array.of(type), publicKey))).slice(0, 4));

/**
 * y-coordinates of the points of small order, sign bit cleared, canonical and not (RFC 7748 section 6.1 names the danger): under such a key anybody can
 * sign, so it vouches for nothing.
 */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

const isOfSmallOrder = (publicKey: Octets): boolean => {
  const point = publicKey.slice();
  point[31] = (point[31] ?? 0) & 0x7f;
  return SMALL_ORDER.has(toHex(point));
};

/** `name+hex(id)+base64(type || public key)`; base64 may hold more "+". */
export const parseVkey = async (vkey: string): Promise<VerificationKey> => {
  const match = /^([^+]*)\+([0-9a-fA-F]{8})\+(.{44,})$/u.exec(vkey.trim());
  const octets = match === null ? null : fromBase64(match[3] as string);
  const [name, id] = [match?.[1] ?? '', match?.[2]?.toLowerCase() ?? ''];
  const type = octets?.[0];
  if (octets === null || octets.length !== 33 || !isKeyName(name)) return fail('untrusted-note', 'not a key in the form name+id+base64');
  if (type !== KEY_TYPE.ed25519 && type !== KEY_TYPE.cosignature) return fail('untrusted-note', `keys of type ${type} are not known here`);
  const publicKey = octets.slice(1);
  if (isOfSmallOrder(publicKey)) return fail('untrusted-note', 'a key under which anybody can sign');
  if ((await keyId(name, type, publicKey)) !== id) return fail('untrusted-note', 'the id is not that of the key: was it copied whole?');
  return { name, type, id, publicKey };
};

/** The same key in the role of a cosigner: older tools write a cosigner's vkey with type 0x01. */
export const asCosigner = async (key: VerificationKey): Promise<VerificationKey> => ({
  ...key,
  type: KEY_TYPE.cosignature,
  id: await keyId(key.name, KEY_TYPE.cosignature, key.publicKey),
});

export interface SignatureLine {
  readonly name: string;
  readonly id: string;
  readonly signature: Octets;
  /** As it stands in the note. */
  readonly line: string;
}

export interface Note {
  readonly text: string;
  readonly lines: readonly SignatureLine[];
}

const MAX_LINES = 100;
const MAX_OCTETS = 64 * 1024;

const parseLine = (line: string): SignatureLine => {
  const [dash, name = '', base64 = '', ...rest] = line.split(' ');
  const octets = fromBase64(base64);
  if (dash !== '\u2014' || rest.length > 0 || !isKeyName(name) || octets === null || octets.length < 5)
    return fail('malformed-note', 'a signature line is not one');
  return { name, id: toHex(octets.slice(0, 4)), signature: octets.slice(4), line };
};

/** Text and signature lines, unverified. */
export const splitNote = (note: Octets): Note => {
  const whole = note.length > MAX_OCTETS ? null : textOf(note);
  if (whole === null) return fail('malformed-note', 'not a text');
  if (/[\u0000-\u0009\u000b-\u001f]/.test(whole)) return fail('malformed-note', 'it holds control characters');
  // The text may hold empty lines itself: the last one separates.
  const blank = whole.lastIndexOf('\n\n');
  const lines = whole.slice(blank + 2, -1).split('\n', MAX_LINES + 1);
  if (blank < 0 || !whole.endsWith('\n') || lines.length > MAX_LINES) return fail('malformed-note', 'it has no signatures below the text');
  return { text: whole.slice(0, blank + 1), lines: lines.map(parseLine) };
};

/** RFC 8032 section 5.1.7. */
const verifyEd25519 = async (key: VerificationKey, message: Octets, signature: Octets): Promise<boolean> => {
  const imported = await crypto.subtle.importKey('raw', key.publicKey, { name: 'Ed25519' }, false, ['verify']);
  return crypto.subtle.verify({ name: 'Ed25519' }, imported, signature, message);
};

/** C2SP tlog-cosignature: 8 octets of time, then the signature over time and text. Seconds; null: it does not hold. */
const cosignedAt = async (key: VerificationKey, text: string, payload: Octets): Promise<number | null> => {
  if (payload.length !== 72) return null;
  const time = new DataView(payload.buffer, payload.byteOffset, 8).getBigUint64(0);
  const message = utf8(`cosignature/v1\ntime ${time}\n${text}`);
  return (await verifyEd25519(key, message, payload.slice(8))) ? Number(time) : null;
};

export interface VerifiedLine {
  readonly line: SignatureLine;
  /** Seconds, of a cosignature. */
  readonly time: number | null;
}

/** The lines of this key, all verified: one bad line of a known key spoils the note. Empty: the key did not sign. */
export const verifyLines = async ({ text, lines }: Note, key: VerificationKey): Promise<VerifiedLine[]> => {
  const verified: VerifiedLine[] = [];
  for (const line of lines) {
    if (line.name !== key.name || line.id !== key.id) continue;
    const isPlain = key.type === KEY_TYPE.ed25519;
    const time = isPlain ? null : await cosignedAt(key, text, line.signature);
    const holds = isPlain ? await verifyEd25519(key, utf8(text), line.signature) : time !== null;
    if (!holds) return fail('untrusted-note', `the signature of ${key.name} does not hold`);
    verified.push({ line, time });
  }
  return verified;
};
