import { isAscii } from 'node:buffer';
import { JsonError, MAX_JSON_DEPTH, canonicalJson, parseStrictJson, type JsonObject, type JsonValue } from '../encoding/index.js';
import { refuse, type Reason } from '../reasons/index.js';

/**
 * One part of a PASSporT: octets that must be a JSON object in the deterministic form of RFC 8225 section 9.
 * @param fault the reason when it is not a JSON object of the allowed depth
 * @throws Refusal `fault`, `duplicate-member`, `non-canonical`
 */
export const parseCanonicalPart = (octets: Buffer, fault: Reason): JsonObject => parseQuickly(octets) ?? parseCarefully(octets, fault);

/**
 * The runtime's own parser and serialiser, for the text that is canonical already: equal text has no white space, no member twice and no
 * long escape. What they leave open (order, fractions, depth, escapes of lone surrogates) is checked besides; any doubt goes to the careful path.
 */
const parseQuickly = (octets: Buffer): JsonObject | null => {
  if (!isAscii(octets)) return null;
  const text = octets.toString('latin1');
  if (!text.startsWith('{') || text.includes('\\u')) return null;
  try {
    const value = JSON.parse(text) as JsonObject;
    return isOrdered(value, 1) && JSON.stringify(value) === text ? value : null;
  } catch {
    return null;
  }
};

const isOrdered = (value: JsonValue, depth: number): boolean => {
  if (typeof value === 'number') return Number.isSafeInteger(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth > MAX_JSON_DEPTH) return false;
  if (Array.isArray(value)) return value.every((item) => isOrdered(item, depth + 1));
  let last: string | null = null;
  for (const name of Object.keys(value)) {
    if (last !== null && last >= name) return false;
    last = name;
    if (!isOrdered(value[name] as JsonValue, depth + 1)) return false;
  }
  return true;
};

const parseCarefully = (octets: Buffer, fault: Reason): JsonObject => {
  let value: JsonValue;
  try {
    value = parseStrictJson(octets);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    return refuse(error.fault === 'duplicate-member' ? 'duplicate-member' : fault);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(fault, 'not an object');
  // RFC 8225 section 9 asks this of the signer; the profile asks it of the verifier, so that one PASSporT has one spelling.
  if (!Buffer.from(canonicalJson(value)).equals(octets)) return refuse('non-canonical');
  return value;
};
