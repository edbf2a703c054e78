import { refuse } from '../reasons/index.js';

/** RFC 8226 section 9: a provider's code, one number, or `count` numbers from `start` on. Digits are strings: leading zeros count. */
export type TnEntry = { readonly spc: string } | { readonly tn: string } | { readonly start: string; readonly count: number };

/** RFC 8226 section 9: TelephoneNumber ::= IA5String (SIZE (1..15)) (FROM ("0123456789#*")). */
const TELEPHONE_NUMBER = /^[0-9#*]{1,15}$/;
const DIGITS = /^[0-9]{1,15}$/;
/** ServiceProviderCode ::= IA5String. An empty one names nobody. */
// IA5String is exactly these characters.
const SERVICE_PROVIDER_CODE = /^[\x00-\x7f]+$/;
/** 15 digits hold 10^15 numbers; RFC 8226 leaves `count` unbounded. */
export const MAX_COUNT = 10 ** 15;

/** @throws Refusal `malformed-tnauthlist` */
export const spcEntry = (spc: string): TnEntry =>
  SERVICE_PROVIDER_CODE.test(spc) ? Object.freeze({ spc }) : refuse('malformed-tnauthlist', 'spc');

/** @throws Refusal `malformed-tnauthlist` */
export const oneEntry = (tn: string): TnEntry =>
  TELEPHONE_NUMBER.test(tn) ? Object.freeze({ tn }) : refuse('malformed-tnauthlist', 'one');

/**
 * RFC 8226 section 9 (2): digits only, count of 2 and more, and formally start + count < 10^D: a block that ends at 99..9 is split by its issuer.
 * @throws Refusal `malformed-tnauthlist`, `range-overflow`
 */
export const rangeEntry = (start: string, count: number): TnEntry => {
  if (!DIGITS.test(start)) return refuse('malformed-tnauthlist', 'range start');
  if (!Number.isSafeInteger(count) || count < 2 || count > MAX_COUNT) return refuse('malformed-tnauthlist', 'range count');
  if (Number(start) + count >= 10 ** start.length) return refuse('range-overflow', 'range');
  return Object.freeze({ start, count });
};

const hasOnly = (value: object, ...members: string[]): boolean => {
  const keys = Object.keys(value);
  return keys.length === members.length && members.every((member) => Object.hasOwn(value, member));
};

const checkEntry = (value: unknown): TnEntry => {
  if (typeof value !== 'object' || value === null) return refuse('malformed-tnauthlist', 'entry');
  if ('spc' in value && typeof value.spc === 'string' && hasOnly(value, 'spc')) return spcEntry(value.spc);
  if ('tn' in value && typeof value.tn === 'string' && hasOnly(value, 'tn')) return oneEntry(value.tn);
  if ('start' in value && 'count' in value && hasOnly(value, 'start', 'count')) {
    if (typeof value.start === 'string' && typeof value.count === 'number') return rangeEntry(value.start, value.count);
  }
  return refuse('malformed-tnauthlist', 'entry');
};

/**
 * A list that did not come from DER, checked by the same grammar; SIZE (1..MAX), at most `limit`.
 * @throws Refusal `malformed-tnauthlist`, `range-overflow`
 */
export const checkEntries = (entries: unknown, limit: number): readonly TnEntry[] => {
  if (!Array.isArray(entries) || entries.length === 0) return refuse('malformed-tnauthlist', 'empty');
  if (entries.length > limit) return refuse('malformed-tnauthlist', 'more entries than the budget');
  return Object.freeze(Array.from(entries, checkEntry));
};

/** ATIS-1000080 section 6.4.1 (v005): in SHAKEN a service provider code is digits and upper-case letters. */
export const isShakenSpc = (spc: string): boolean => /^[0-9A-Z]+$/.test(spc);
