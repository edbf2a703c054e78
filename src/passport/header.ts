import { decodeBase64, type JsonObject, type JsonValue } from '../encoding/index.js';
import { refuse } from '../reasons/index.js';
import type { X5cEntries } from './x5c-entries.js';
import { parseX5u } from './x5u.js';

/** Where the header says that the credential is: exactly one of the two is there. */
export interface PassportHeader {
  /** DER of the path, end-entity first; never a source of trust. */
  readonly x5c: readonly Buffer[] | null;
  readonly x5u: string | null;
}

/** DESIGN section 11: five, and a sixth that may only be the anchor, which the path decides. */
const MAX_X5C = 6;

const MEMBERS: ReadonlySet<string> = new Set(['alg', 'ppt', 'typ', 'x5c', 'x5u']);

/**
 * The protected header of the profile (DESIGN section 5). Proves its shape, not that anything was signed.
 * @param entries where the decoded entries of x5c are kept
 * @throws Refusal `alg-not-allowed`, `wrong-typ`, `unsupported-ppt`, `crit-unsupported`, `header-not-allowed`, `credential-missing`,
 *   `x5u-not-allowed`, `malformed-chain`
 */
export const checkHeader = (header: JsonObject, entries?: X5cEntries): PassportHeader => {
  // RFC 8725 section 3.1: the algorithm is ours; the header may only agree.
  if (own(header, 'alg') !== 'ES256') return refuse('alg-not-allowed');
  // RFC 8225 section 4.1.
  if (own(header, 'typ') !== 'passport') return refuse('wrong-typ');
  // RFC 8225 section 8.1: a PASSporT for calls must fail here, and ours must fail there.
  if (own(header, 'ppt') !== 'mimi') return refuse('unsupported-ppt');
  // RFC 7515 section 4.1.11, RFC 7797 section 6.
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) return refuse('crit-unsupported');
  for (const name of Object.keys(header)) if (!MEMBERS.has(name)) return refuse('header-not-allowed', 'member');
  return credentialOf(own(header, 'x5c'), own(header, 'x5u'), entries);
};

const own = (object: JsonObject, name: string): JsonValue | undefined => (Object.hasOwn(object, name) ? object[name] : undefined);

const credentialOf = (x5c: JsonValue | undefined, x5u: JsonValue | undefined, entries: X5cEntries | undefined): PassportHeader => {
  if (x5c !== undefined && x5u !== undefined) return refuse('header-not-allowed', 'x5u beside x5c');
  if (x5u !== undefined) return { x5c: null, x5u: parseX5u(x5u) };
  if (x5c === undefined) return refuse('credential-missing');
  if (!Array.isArray(x5c) || x5c.length === 0 || x5c.length > MAX_X5C) return refuse('malformed-chain', 'x5c');
  return { x5c: x5c.map((entry) => parseX5cEntry(entry, entries)), x5u: null };
};

/** RFC 7515 section 4.1.6: standard base64, not base64url. */
const parseX5cEntry = (entry: JsonValue, entries: X5cEntries | undefined): Buffer => {
  const der = typeof entry === 'string' && entry !== '' ? (entries?.decode(entry) ?? decodeBase64(entry)) : null;
  return der ?? refuse('malformed-chain', 'x5c');
};
