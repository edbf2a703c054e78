import { hash } from 'node:crypto';
import { decodeBase64url, decodeBase64urlInto, type JsonObject } from '../encoding/index.js';
import { refuse } from '../reasons/index.js';
import { parseCanonicalPart } from './canonical-part.js';
import type { PassportClaims } from './claims.js';
import type { HeaderCache, ParsedHeader } from './header-cache.js';

/** The three parts of a PASSporT, decoded and canonical; nothing of their meaning is judged. */
export class CompactPassport {
  /** The compact text: ASCII, as received. */
  readonly text: string;
  readonly header: ParsedHeader;
  readonly payload: JsonObject;
  /** As received; its length is judged by `verify-signature`. */
  readonly signature: Buffer;
  /** Header "." payload of the text: what was signed. */
  readonly signedLength: number;
  /** Filled once the payload has passed: it is judged once, however often the PASSporT is. */
  claims: PassportClaims | null = null;
  #passportDigest: Buffer | null = null;
  #signingDigest: Buffer | null = null;

  constructor(text: string, signedLength: number, header: ParsedHeader, payload: JsonObject, signature: Buffer) {
    this.text = text;
    this.signedLength = signedLength;
    this.header = header;
    this.payload = payload;
    this.signature = signature;
  }

  get signingInput(): Buffer {
    return Buffer.from(this.text.slice(0, this.signedLength), 'latin1');
  }

  /** SHA-256 of the compact text. */
  get passportDigest(): Buffer {
    this.#passportDigest ??= hash('sha256', this.text, 'buffer');
    return this.#passportDigest;
  }

  /** SHA-256 of the signing input. */
  get signingDigest(): Buffer {
    this.#signingDigest ??= hash('sha256', this.text.slice(0, this.signedLength), 'buffer');
    return this.#signingDigest;
  }
}

/** DESIGN section 11: a five-certificate path in x5c fits. */
export const MAX_PASSPORT_BYTES = 16 * 1024;

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
  const payload = parseCanonicalPart(passingOctetsOf(value.slice(first + 1, second)), 'malformed-claims');
  const signature = octetsOf(value.slice(second + 1));
  return new CompactPassport(value, second, header, payload, signature);
};

const octetsOf = (part: string): Buffer => decodeBase64url(part) ?? refuse('malformed-token', 'base64url');

/** Reused for each part: it is parsed to strings before the next one is decoded, and a fresh buffer of this size costs more than parsing. */
const scratch = Buffer.allocUnsafeSlow(MAX_PASSPORT_BYTES);

const passingOctetsOf = (part: string): Buffer => decodeBase64urlInto(scratch, part) ?? refuse('malformed-token', 'base64url');

const headerOf = (text: string, cache: HeaderCache | undefined): ParsedHeader => {
  const known = cache?.get(text);
  if (known !== undefined) return known;
  const header: ParsedHeader = { members: parseCanonicalPart(passingOctetsOf(text), 'malformed-token'), checked: null };
  cache?.set(text, header);
  return header;
};
