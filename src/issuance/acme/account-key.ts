import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { decodeBase64url, encodeBase64url, type JsonValue } from '../../encoding/index.js';
import { refuse } from '../../reasons/index.js';

/** The members of a P-256 JWK that RFC 7638 section 3.2 digests, in its order. */
export interface P256Jwk {
  readonly crv: 'P-256';
  readonly kty: 'EC';
  readonly x: string;
  readonly y: string;
}

/** The public key of an account. Nothing of it is verified but that it is a point on P-256. */
export interface AccountKey {
  readonly jwk: P256Jwk;
  readonly keyObject: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
  /** RFC 7638 thumbprint under SHA-256. */
  readonly thumbprint: Buffer;
}

const coordinate = (value: JsonValue | undefined): string => {
  const octets = typeof value === 'string' ? decodeBase64url(value) : null;
  // RFC 7518 section 6.2.1.2: the full size of the field, leading zeros included.
  return octets?.length === 32 ? (value as string) : refuse('jws-key-not-allowed', 'coordinate');
};

const imported = (jwk: P256Jwk): KeyObject => {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' });
  } catch {
    return refuse('jws-key-not-allowed', 'point');
  }
};

/**
 * A public JWK. Members that say nothing about the key are passed over; a private key is refused, since whoever sends one has given it away.
 * @throws Refusal `jws-key-not-allowed`
 */
export const parseAccountKey = (value: JsonValue | undefined): AccountKey => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse('jws-key-not-allowed', 'not a JWK');
  if (value['kty'] !== 'EC' || value['crv'] !== 'P-256') return refuse('jws-key-not-allowed', 'kind');
  if (value['d'] !== undefined) return refuse('jws-key-not-allowed', 'private');
  const jwk: P256Jwk = { crv: 'P-256', kty: 'EC', x: coordinate(value['x']), y: coordinate(value['y']) };
  const keyObject = imported(jwk);
  return {
    jwk,
    keyObject,
    spki: keyObject.export({ type: 'spki', format: 'der' }),
    thumbprint: createHash('sha256').update(JSON.stringify(jwk)).digest(),
  };
};

/** How an account's key is looked up: base64url of its thumbprint. */
export const thumbprintOf = (key: AccountKey): string => encodeBase64url(key.thumbprint);

/** Over what an authority token's fingerprint is computed: as RFC 9448 section 5.4 says, or over SPKI as deployed tooling does. */
export type FingerprintForm = 'rfc7638' | 'spki';

/** RFC 9448 section 5.4: "SHA256 " and octets in upper-case hexadecimal, with colons. */
export const fingerprintOf = (key: AccountKey, form: FingerprintForm = 'rfc7638'): string => {
  const digest = form === 'rfc7638' ? key.thumbprint : createHash('sha256').update(key.spki).digest();
  return `SHA256 ${digest
    .toString('hex')
    .toUpperCase()
    .replace(/..(?=.)/g, '$&:')}`;
};

export const FINGERPRINT = /^SHA256 (?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/;
