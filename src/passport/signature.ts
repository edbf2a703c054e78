import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { refuse } from '../reasons/index.js';
import { MAX_PASSPORT_BYTES, type CompactPassport } from './compact.js';

/** RFC 5480 section 2.1.1: SubjectPublicKeyInfo of an uncompressed point on named P-256, up to the coordinates. */
const P256_SPKI_PREFIX = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex');
const P256_SPKI_BYTES = 91;

/**
 * Imports a P-256 public key from its one canonical SubjectPublicKeyInfo. The point is on the curve.
 * Through JWK: twice as fast as the runtime's DER import, and it cannot yield another kind of key.
 * @throws Refusal `unsupported-key`
 */
export const importP256 = (spki: Uint8Array): KeyObject => {
  const der = Buffer.from(spki.buffer, spki.byteOffset, spki.byteLength);
  const prefix = P256_SPKI_PREFIX.length;
  if (der.length !== P256_SPKI_BYTES || !der.subarray(0, prefix).equals(P256_SPKI_PREFIX)) return refuse('unsupported-key');
  const x = der.subarray(prefix, prefix + 32).toString('base64url');
  const y = der.subarray(prefix + 32).toString('base64url');
  try {
    return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  } catch {
    return refuse('unsupported-key', 'point');
  }
};

export interface SignedOctets {
  /** DER SubjectPublicKeyInfo, or the imported P-256 key. */
  readonly spki: Uint8Array | KeyObject;
  readonly message: Uint8Array;
  /** R || S, 64 octets (RFC 7518 section 3.4). */
  readonly signature: Uint8Array;
}

/**
 * Verifies an ES256 signature. High S is accepted: RFC 7518 does not forbid it, and published PASSporTs have it; so a signature is no identity.
 * @throws Refusal `unsupported-key`, `bad-signature`
 */
export const verifyEs256 = (signed: SignedOctets): true => {
  const { spki, message, signature } = checkTypes(signed);
  const key = spki instanceof Uint8Array ? importP256(spki) : spki;
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return refuse('unsupported-key');
  return verifyWithKey(key, message, signature);
};

/** `verifyEs256` for a key that is known to be P-256. @throws Refusal `bad-signature` */
export const verifyWithKey = (key: KeyObject, message: Uint8Array, signature: Uint8Array): true => {
  // RFC 7518 section 3.4: exactly 64 octets; a DER signature is another length. Zero and values from n on never verify.
  if (signature.length !== 64) return refuse('bad-signature', 'length');
  return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature) || refuse('bad-signature');
};

/** Reused for each signature: `verify` reads it before it returns, and nothing else sees it. */
const scratch = Buffer.allocUnsafeSlow(MAX_PASSPORT_BYTES);

/** Whether the key signed this PASSporT. @throws Refusal `bad-signature` */
export const verifyPassportSignature = (key: KeyObject, { text, signedLength, signature }: CompactPassport): true => {
  const written = scratch.write(text, 0, signedLength, 'latin1');
  return verifyWithKey(key, scratch.subarray(0, written), signature);
};

/**
 * Whether the key signed this PASSporT, found out on a thread of the runtime's pool; null where no cryptography is needed to say no. The octets are
 * copied before this returns.
 */
export const holdsInPool = (key: KeyObject, { text, signedLength, signature }: CompactPassport): Promise<boolean | null> => {
  if (signature.length !== 64) return Promise.resolve(null);
  const written = scratch.write(text, 0, signedLength, 'latin1');
  return new Promise((resolve, reject) => {
    verify('sha256', scratch.subarray(0, written), { key, dsaEncoding: 'ieee-p1363' }, signature, (error, holds) => {
      if (error === null) resolve(holds);
      else reject(error);
    });
  });
};

const checkTypes = (signed: SignedOctets): SignedOctets => {
  const given: Partial<Record<keyof SignedOctets, unknown>> = typeof signed === 'object' && signed !== null ? signed : {};
  if (!(given.message instanceof Uint8Array) || !(given.signature instanceof Uint8Array)) return refuse('bad-signature', 'type');
  if (!(given.spki instanceof Uint8Array) && !isPublicKey(given.spki)) return refuse('unsupported-key', 'type');
  return { spki: given.spki, message: given.message, signature: given.signature };
};

const isPublicKey = (value: unknown): value is KeyObject =>
  typeof value === 'object' && value !== null && 'asymmetricKeyDetails' in value && 'type' in value && value.type === 'public';
