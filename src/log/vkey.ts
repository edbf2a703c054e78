import { KeyObject, createPublicKey, verify } from 'node:crypto';
import { decodeBase64, encodeBase64 } from '../encoding/index.js';
import { refuse } from '../reasons/index.js';
import { sha256 } from './sha256.js';

/** C2SP signed-note: 0x01 Ed25519 over the text; 0x04 cosignature/v1 over time and text. */
export const KEY_TYPE = { ed25519: 0x01, cosignature: 0x04 } as const;
export type KeyType = (typeof KEY_TYPE)[keyof typeof KEY_TYPE];

export interface VerificationKey {
  readonly name: string;
  readonly type: KeyType;
  /** 4 octets, lower-case hex. */
  readonly id: string;
  /** 32 octets. */
  readonly publicKey: Uint8Array;
  readonly key: KeyObject;
}

/** C2SP signed-note: a name is not empty and holds neither Unicode spaces nor "+". */
export const isKeyName = (name: string): boolean => name.length > 0 && !/[\p{White_Space}\p{Surrogate}+\u0000-\u001f]/u.test(name);

/** C2SP signed-note: SHA-256(name || 0x0A || type || public key), the first 4 octets, as lower-case hex. */
export const keyId = (name: string, type: number, publicKey: Uint8Array): string =>
  sha256(Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(type), publicKey])).toString('hex', 0, 4);

/**
 * y-coordinates of the points of small order, sign bit cleared, canonical and not (RFC 7748 section 6.1 names the danger):
 * under such a key one signature fits many texts, so it vouches for nothing.
 */
const SMALL_ORDER = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

/**
 * A key from its raw octets.
 * @throws Refusal `untrusted-note` when name, length or point cannot be those of a key
 */
export const toVerificationKey = (name: string, publicKey: Uint8Array, type: KeyType = KEY_TYPE.ed25519): VerificationKey => {
  if (typeof name !== 'string' || !isKeyName(name)) return refuse('untrusted-note', 'key name');
  if (!(publicKey instanceof Uint8Array) || publicKey.length !== 32) return refuse('untrusted-note', 'key length');
  const point = Buffer.from(publicKey);
  point[31] = (point[31] as number) & 0x7f;
  if (SMALL_ORDER.has(point.toString('hex'))) return refuse('untrusted-note', 'key of small order');
  const x = Buffer.from(publicKey).toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return { name, type, id: keyId(name, type, publicKey), publicKey: Buffer.from(publicKey), key };
};

/** C2SP signed-note, "verifier keys": `name+hex(id)+base64(type || public key)`. */
export const formatVkey = (name: string, publicKey: Uint8Array, type: KeyType = KEY_TYPE.ed25519): string => {
  const key = toVerificationKey(name, publicKey, type);
  return `${name}+${key.id}+${encodeBase64(Buffer.concat([Buffer.of(type), publicKey]))}`;
};

/**
 * Split at the first two "+": base64 may hold more of them. The id's hex may be in either case, as Go's note package reads it: it is only compared.
 * @throws Refusal `untrusted-note` when it is not a vkey of type 0x01 or 0x04, or its id is not its key's
 */
export const parseVkey = (vkey: string): VerificationKey => {
  const match = typeof vkey === 'string' ? /^([^+]*)\+([0-9a-fA-F]{8})\+(.{44,})$/u.exec(vkey) : null;
  const octets = match === null ? null : decodeBase64(match[3] as string);
  if (match === null || octets === null) return refuse('untrusted-note', 'vkey');
  const type = octets[0];
  if (type !== KEY_TYPE.ed25519 && type !== KEY_TYPE.cosignature) return refuse('untrusted-note', 'key type');
  const key = toVerificationKey(match[1] as string, octets.subarray(1), type);
  return key.id === (match[2] as string).toLowerCase() ? key : refuse('untrusted-note', 'key id');
};

/** The same key in the role of a cosigner: older tools write a cosigner's vkey with type 0x01 and derive the 0x04 id from it. */
export const asCosigner = (key: VerificationKey): VerificationKey =>
  key.type === KEY_TYPE.cosignature
    ? key
    : { ...key, type: KEY_TYPE.cosignature, id: keyId(key.name, KEY_TYPE.cosignature, key.publicKey) };

/** RFC 8032 section 5.1.7, 64 octets of signature; false for any other length. */
export const verifyEd25519 = (key: VerificationKey, message: Uint8Array, signature: Uint8Array): boolean =>
  signature.length === 64 && verify(null, message, key.key, signature);

/**
 * A key that a caller handed in: a vkey, or one that was parsed.
 * @throws Refusal `untrusted-note` when it is neither
 */
export const toKey = (value: unknown): VerificationKey => {
  if (typeof value === 'string') return parseVkey(value);
  return isVerificationKey(value) ? value : refuse('untrusted-note', 'vkey');
};

const isVerificationKey = (value: unknown): value is VerificationKey =>
  typeof value === 'object' &&
  value !== null &&
  'key' in value &&
  value.key instanceof KeyObject &&
  'publicKey' in value &&
  value.publicKey instanceof Uint8Array &&
  'name' in value &&
  typeof value.name === 'string' &&
  'type' in value &&
  (value.type === KEY_TYPE.ed25519 || value.type === KEY_TYPE.cosignature) &&
  'id' in value &&
  value.id === keyId(value.name, value.type, value.publicKey);
