import { hash } from 'node:crypto';
import { decodeBase64url, type JsonObject } from '../encoding/index.js';
import { refuse } from '../reasons/index.js';
import { parseCanonicalPart } from './canonical-part.js';
import type { HeaderCache, ParsedHeader } from './header-cache.js';

/** The three parts of a PASSporT, decoded and canonical; nothing of their meaning is judged. */
export interface CompactPassport {
  readonly header: ParsedHeader;
  readonly payload: JsonObject;
  /** Received octets of header "." payload: what was signed. */
  readonly signingInput: Buffer;
  /** As received; its length is judged by `verify-signature`. */
  readonly signature: Buffer;
  /** SHA-256 of the compact text. */
  readonly passportDigest: Buffer;
  /** SHA-256 of the signing input. */
  readonly signingDigest: Buffer;
}

/** DESIGN section 11: a five-certificate path in x5c fits. */
const MAX_PASSPORT_BYTES = 16 * 1024;

/**
 * Reads the compact serialization (RFC 7515 section 7.1), full form only.
 * @throws Refusal `token-required`, `token-too-large`, `malformed-token`, `compact-form-not-allowed`, `malformed-claims`, `duplicate-member`,
 *   `non-canonical`
 */
export const parseCompact = (value: unknown, cache?: HeaderCache): CompactPassport => {
  if (value === undefined || value === null || value === '') return refuse('token-required');
  if (typeof value !== 'string') return refuse('malformed-token', 'type');
  if (value.length > MAX_PASSPORT_BYTES) return refuse('token-too-large');
  const first = value.indexOf('.');
  const second = value.indexOf('.', first + 1);
  if (first < 0 || second < 0 || value.includes('.', second + 1)) return refuse('malformed-token', 'three parts');
  // RFC 8225 section 7: "..signature" leaves header and payload to be guessed.
  if (first === 0 && second === 1) return refuse('compact-form-not-allowed');
  const header = headerOf(value.slice(0, first), cache);
  const payload = parseCanonicalPart(octetsOf(value.slice(first + 1, second)), 'malformed-claims');
  const signature = octetsOf(value.slice(second + 1));
  const octets = Buffer.from(value, 'latin1');
  const signingInput = octets.subarray(0, second);
  return {
    header,
    payload,
    signingInput,
    signature,
    passportDigest: hash('sha256', octets, 'buffer'),
    signingDigest: hash('sha256', signingInput, 'buffer'),
  };
};

const octetsOf = (part: string): Buffer => decodeBase64url(part) ?? refuse('malformed-token', 'base64url');

const headerOf = (text: string, cache: HeaderCache | undefined): ParsedHeader => {
  const known = cache?.get(text);
  if (known !== undefined) return known;
  const header: ParsedHeader = { members: parseCanonicalPart(octetsOf(text), 'malformed-token'), checked: null };
  cache?.set(text, header);
  return header;
};
