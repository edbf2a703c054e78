import type { JsonValue } from './strict-json.js';
import { refuse } from '../reasons/index.js';

/**
 * The deterministic serialization of RFC 8225 section 9: no white space, members in code point order, integers only,
 * strings with the shortest escapes (RFC 8785 section 3.2.2.2, which RFC 8225 leaves open).
 * @throws Refusal `non-canonical` for what has no such form: fractions, integers beyond 2^53-1, lone surrogates, undefined.
 */
export const canonicalJson = (value: unknown): string => serialise(value as JsonValue, 0);

const MAX_DEPTH = 64;

const serialise = (value: JsonValue, depth: number): string => {
  if (depth > MAX_DEPTH) return refuse('non-canonical', 'depth');
  if (value === null || value === true || value === false) return String(value);
  if (typeof value === 'number') {
    // RFC 8225 section 9 rule 4: numbers are integers; beyond 2^53 two parsers may differ.
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) return refuse('non-canonical', 'number');
    return String(value);
  }
  if (typeof value === 'string') {
    if (!isWellFormed(value)) return refuse('non-canonical', 'lone surrogate');
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((item) => serialise(item, depth + 1)).join(',')}]`;
  if (typeof value !== 'object') return refuse('non-canonical', 'type');
  const names = Object.keys(value).sort(byCodePoint);
  return `{${names.map((name) => `${serialise(name, depth + 1)}:${serialise(value[name] as JsonValue, depth + 1)}`).join(',')}}`;
};

const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);

/** UTF-16 order and code point order differ only where surrogates meet U+E000..U+FFFF; UTF-8 octets sort as code points do. */
const byCodePoint = (a: string, b: string): number => {
  const ascii = a < b ? -1 : a > b ? 1 : 0;
  if (ascii === 0 || (ASCII.test(a) && ASCII.test(b))) return ascii;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
};

const ASCII = /^\p{ASCII}*$/u;
