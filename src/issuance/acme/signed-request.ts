import { createHmac, timingSafeEqual, verify } from 'node:crypto';
import { JsonError, decodeBase64url, encodeBase64url, parseStrictJson, type JsonObject, type JsonValue } from '../../encoding/index.js';
import { refuse, type Reason } from '../../reasons/index.js';
import { parseAccountKey, type AccountKey } from './account-key.js';

/** Whose key signed: given with the request, or named by it. */
export type Signer = { readonly key: AccountKey } | { readonly kid: string };

/** A flattened JWS as read; the signature is not verified yet. */
export interface SignedRequest {
  readonly signer: Signer;
  readonly url: string;
  /** Null in an inner JWS. */
  readonly nonce: string | null;
  readonly payload: Buffer;
  readonly signingInput: Buffer;
  readonly signature: Buffer;
}

/** RFC 8555 section 6.2: a request; 7.3.4: the inner JWS of a binding; 7.3.5: the inner JWS of a key change. */
export type JwsForm = 'request' | 'binding' | 'key-change';

const HEADER: Readonly<Record<JwsForm, { readonly alg: string; readonly members: readonly string[] }>> = {
  request: { alg: 'ES256', members: ['alg', 'nonce', 'url', 'jwk', 'kid'] },
  binding: { alg: 'HS256', members: ['alg', 'url', 'kid'] },
  'key-change': { alg: 'ES256', members: ['alg', 'url', 'jwk'] },
};

const MAX_TEXT = 2048;

/** An object of strict JSON. @throws Refusal `fault`, `malformed-json` */
export const parseObject = (octets: Uint8Array, fault: Reason): JsonObject => {
  let value: JsonValue;
  try {
    value = parseStrictJson(octets);
  } catch (error) {
    if (error instanceof JsonError) return refuse('malformed-json', error.fault);
    throw error;
  }
  return asObject(value, fault);
};

const asObject = (value: JsonValue | undefined, fault: Reason): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : refuse(fault, 'not an object');

const text = (object: JsonObject, member: string): string => {
  const value = object[member];
  return typeof value === 'string' && value.length <= MAX_TEXT ? value : refuse('jws-malformed', member);
};

const octetsOf = (value: JsonValue | undefined, member: string): Buffer =>
  (typeof value === 'string' ? decodeBase64url(value) : null) ?? refuse('jws-malformed', member);

const signerOf = (header: JsonObject): Signer => {
  // RFC 8555 section 6.2: mutually exclusive.
  if ((header['jwk'] === undefined) === (header['kid'] === undefined)) return refuse('jws-malformed', 'exactly one of jwk and kid');
  return header['jwk'] === undefined ? { kid: text(header, 'kid') } : { key: parseAccountKey(header['jwk']) };
};

const nonceOf = (header: JsonObject): string => {
  const nonce = text(header, 'nonce');
  // RFC 8555 section 6.5.2: octets that are not base64url make the JWS malformed.
  return decodeBase64url(nonce) === null ? refuse('jws-malformed', 'nonce') : nonce;
};

/**
 * Reads the flattened JSON serialization and nothing else. The input is controlled by strangers. Proves its form and that the header demands no more
 * than this server understands; not that the signature holds.
 * @throws Refusal `malformed-json`, `jws-malformed`, `jws-alg-not-allowed`, `jws-key-not-allowed`
 */
export const readSignedRequest = (input: Uint8Array | JsonObject, form: JwsForm): SignedRequest => {
  const jws = input instanceof Uint8Array ? parseObject(input, 'jws-malformed') : input;
  // RFC 8555 section 6.2: no unprotected header, no general serialization.
  for (const member of Object.keys(jws))
    if (!['protected', 'payload', 'signature'].includes(member)) return refuse('jws-malformed', 'member');
  const headerOctets = octetsOf(jws['protected'], 'protected');
  const header = parseObject(headerOctets, 'jws-malformed');
  if (header['alg'] !== HEADER[form].alg) return refuse('jws-alg-not-allowed');
  // RFC 7515 section 4.1.11: crit names what must be understood, and nothing here is; no key is fetched from anywhere.
  for (const member of Object.keys(header)) if (!HEADER[form].members.includes(member)) return refuse('jws-malformed', 'header member');
  const payload = octetsOf(jws['payload'], 'payload');
  return {
    signer: signerOf(header),
    url: text(header, 'url'),
    nonce: form === 'request' ? nonceOf(header) : null,
    payload,
    // What is not the one spelling of its octets was refused, so this is what was received.
    signingInput: Buffer.from(`${encodeBase64url(headerOctets)}.${encodeBase64url(payload)}`, 'latin1'),
    signature: octetsOf(jws['signature'], 'signature'),
  };
};

/** ES256, R || S (RFC 7518 section 3.4). @throws Refusal `jws-signature-wrong` */
export const checkRequestSignature = ({ signingInput, signature }: SignedRequest, { keyObject }: AccountKey): void => {
  const holds = signature.length === 64 && verify('sha256', signingInput, { key: keyObject, dsaEncoding: 'ieee-p1363' }, signature);
  if (!holds) refuse('jws-signature-wrong');
};

/** HS256 (RFC 7518 section 3.2). */
export const isMacRight = ({ signingInput, signature }: SignedRequest, key: Uint8Array): boolean => {
  const mac = createHmac('sha256', key).update(signingInput).digest();
  return signature.length === mac.length && timingSafeEqual(mac, signature);
};
