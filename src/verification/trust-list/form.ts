import { createHash } from 'node:crypto';
import { JsonError, decodeBase64, decodeBase64url, parseStrictJson, type JsonObject, type JsonValue } from '../../encoding/index.js';
import { parseX5u } from '../../passport/index.js';
import { Refusal, refuse } from '../../reasons/index.js';
import { STIR_RULES } from '../../x509/index.js';

/** Some ten times the list of the United States: bounds what a host that serves a list can have this process read. */
export const MAX_TRUST_LIST_OCTETS = 1024 * 1024;

/** A signed list taken apart, and nothing of it verified: whoever wrote the file or answers at the URL controls every octet. */
export interface SignedForm {
  /** The compact JWS. */
  readonly compact: string;
  readonly header: JsonObject;
  /** DER of the header's x5c, end-entity first; null: it has none. */
  readonly x5c: readonly Uint8Array[] | null;
  /** The header's x5u: well-formed, whatever its host; null: it has none. */
  readonly x5u: string | null;
  readonly payload: Uint8Array;
  /** Lower-case hex SHA-256 of the payload: two signatures over one list are one list. */
  readonly digest: string;
}

export const invalid = (detail: string): never => refuse('trust-list-invalid', detail);

/**
 * Takes a trust list apart: a compact JWS (RFC 7515 section 7.1), or the STI-PA's answer `{"status":"success","caList":JWS}`, of which every other
 * member is ignored, since nothing signs it. Base64url and JSON are strict, so that no two readers see two lists.
 * @throws Refusal `trust-list-invalid`
 */
export const openTrustList = (octets: Uint8Array): SignedForm => {
  if (octets.length > MAX_TRUST_LIST_OCTETS) return invalid('size');
  return openSigned(compactOf(octets));
};

/** @throws Refusal `trust-list-invalid` */
export const openSigned = (compact: string): SignedForm => {
  const parts = compact.split('.');
  const [head, payload, signature] = parts.map((part) => decodeBase64url(part) ?? invalid('form'));
  if (head === undefined || payload === undefined || signature === undefined || parts.length > 3) return invalid('form');
  // RFC 7518 section 3.4: R and S, 32 octets each.
  if (signature.length !== 64) return invalid('signature');
  const header = objectOf(head, 'header');
  return { compact, header, ...readHeader(header), payload, digest: createHash('sha256').update(payload).digest('hex') };
};

/** A file ends in a line break more often than not. */
export const textOf = (octets: Uint8Array): string =>
  Buffer.from(octets)
    .toString('latin1')
    .replace(/\r?\n$/, '');

const compactOf = (octets: Uint8Array): string => {
  const text = textOf(octets);
  if (!text.startsWith('{')) return text;
  const { status, caList } = objectOf(octets, 'envelope');
  return status === 'success' && typeof caList === 'string' ? caList : invalid('envelope');
};

export const objectOf = (octets: Uint8Array, what: string): JsonObject => {
  let value: JsonValue;
  try {
    value = parseStrictJson(octets);
  } catch (error) {
    if (error instanceof JsonError) return invalid(`${what}: ${error.fault}`);
    throw error;
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : invalid(what);
};

/**
 * RFC 7515 section 4.1.11: what crit names must be understood, and nothing is. A key in the header, or a URL of one, would let the list say who may
 * sign it. Other members that are not understood are ignored (section 4).
 */
const REFUSED = ['crit', 'b64', 'jwk', 'jku', 'zip', 'enc'];

const readHeader = (header: JsonObject): Pick<SignedForm, 'x5c' | 'x5u'> => {
  if (header['alg'] !== 'ES256') return invalid('alg');
  const wrong = REFUSED.find((member) => member in header);
  if (wrong !== undefined) return invalid(`header: ${wrong}`);
  return { x5c: 'x5c' in header ? readX5c(header['x5c']) : null, x5u: 'x5u' in header ? readX5u(header['x5u']) : null };
};

/** RFC 7515 section 4.1.6: standard base64, padded. */
const readX5c = (value: unknown): Uint8Array[] => {
  if (!Array.isArray(value) || value.length === 0 || value.length > STIR_RULES.maxCertificates + 1) return invalid('x5c');
  return value.map((item) => (typeof item === 'string' ? decodeBase64(item) : null) ?? invalid('x5c'));
};

const readX5u = (value: unknown): string => {
  try {
    return parseX5u(value);
  } catch (error) {
    if (error instanceof Refusal) return invalid('x5u');
    throw error;
  }
};
