import {
  DerError,
  contextConstructed,
  encodeIa5,
  encodeInteger,
  encodeSequence,
  encodeTlv,
  readChildren,
  readInteger,
  readTlv,
  readWhole,
  TAG,
  type Tlv,
} from '../encoding/index.js';
import { refuse } from '../reasons/index.js';
import { readExplicit, readIa5String } from './der-string.js';
import { holdsNumber, numberSet, type NumberSet } from './number-set.js';
import { MAX_COUNT, checkEntries, oneEntry, rangeEntry, spcEntry, type TnEntry } from './tn-entry.js';

/** DESIGN section 11: 400 single numbers fill a certificate of 8 KiB; a list by reference has no such bound. */
export const MAX_ENTRIES_INLINE = 400;
export const MAX_ENTRIES_BY_REFERENCE = 1000;

const MAX_COUNT_OCTETS = 7;

const readCount = (der: Uint8Array, tlv: Tlv): number => {
  if (tlv.tag !== TAG.integer || tlv.end - tlv.content > MAX_COUNT_OCTETS) throw new DerError('count');
  const count = readInteger(der, tlv);
  if (count < 2n || count > BigInt(MAX_COUNT)) throw new DerError('count');
  return Number(count);
};

/** Elements after `count` are refused, though the module has an extension marker: what nobody understands must not grant a number. */
const readRange = (der: Uint8Array, tagged: Tlv): TnEntry => {
  const [start, count, ...more] = readChildren(der, readExplicit(der, tagged, TAG.sequence));
  if (start === undefined || count === undefined || more.length > 0) throw new DerError('range');
  return rangeEntry(readIa5String(der, start), readCount(der, count));
};

const readEntry = (der: Uint8Array, tagged: Tlv): TnEntry => {
  if (tagged.tag === contextConstructed(0)) return spcEntry(readIa5String(der, readExplicit(der, tagged, TAG.ia5String)));
  if (tagged.tag === contextConstructed(1)) return readRange(der, tagged);
  if (tagged.tag === contextConstructed(2)) return oneEntry(readIa5String(der, readExplicit(der, tagged, TAG.ia5String)));
  throw new DerError('entry tag');
};

const readEntries = (der: Uint8Array, limit: number): readonly TnEntry[] => {
  const list = readWhole(der, TAG.sequence);
  const entries: TnEntry[] = [];
  for (let at = list.content; at < list.end;) {
    const tagged = readTlv(der, at, list.end);
    if (entries.length === limit) throw new DerError('more entries than the budget');
    entries.push(readEntry(der, tagged));
    at = tagged.end;
  }
  if (entries.length === 0) throw new DerError('empty');
  return Object.freeze(entries);
};

/** Only lists that this module made and froze: a caller's array could change after it was indexed. */
const indexed = new WeakMap<readonly TnEntry[], NumberSet | null>();

const known = (entries: readonly TnEntry[]): readonly TnEntry[] => {
  indexed.set(entries, null);
  return entries;
};

/**
 * A TNAuthorizationList (RFC 8226 section 9) from its DER. Proves the form alone: nothing about who may use the numbers.
 * @throws Refusal `malformed-tnauthlist`, `range-overflow`, whatever the input's type
 */
export const parseTnAuthList = (der: unknown, limit: number = MAX_ENTRIES_INLINE): readonly TnEntry[] => {
  if (!(der instanceof Uint8Array)) return refuse('malformed-tnauthlist', 'not octets');
  try {
    return known(readEntries(der, limit));
  } catch (error) {
    if (error instanceof DerError) return refuse('malformed-tnauthlist', error.message);
    throw error;
  }
};

const encodeEntry = (entry: TnEntry): Buffer => {
  if ('spc' in entry) return encodeTlv(contextConstructed(0), encodeIa5(entry.spc));
  if ('tn' in entry) return encodeTlv(contextConstructed(2), encodeIa5(entry.tn));
  return encodeTlv(contextConstructed(1), encodeSequence(encodeIa5(entry.start), encodeInteger(BigInt(entry.count))));
};

/**
 * The inverse of `parseTnAuthList`: refuses whatever that would refuse.
 * @throws Refusal `malformed-tnauthlist`, `range-overflow`, whatever the input's type
 */
export const encodeTnAuthList = (entries: unknown, limit: number = MAX_ENTRIES_INLINE): Buffer =>
  encodeSequence(...checkEntries(entries, limit).map(encodeEntry));

/**
 * The merged numbers of a list; computed once for a list that `parseTnAuthList` gave.
 * @throws Refusal `malformed-tnauthlist`, `range-overflow`
 */
export const numbersOf = (entries: readonly TnEntry[]): NumberSet => {
  if (!indexed.has(entries)) return numberSet(checkEntries(entries, MAX_ENTRIES_BY_REFERENCE));
  let set = indexed.get(entries) ?? null;
  if (set === null) {
    set = numberSet(entries);
    indexed.set(entries, set);
  }
  return set;
};

/**
 * Whether the list itself names the number: the same count of digits, inside a range or equal. A list with only an SPC covers no number,
 * since only numbering data know what an SPC holds (RFC 9060 section 12). Anything but a string is not covered.
 * @throws Refusal `malformed-tnauthlist`, `range-overflow` when the entries are not a list
 */
export const covers = (entries: readonly TnEntry[], tn: unknown): boolean => {
  const set = numbersOf(entries);
  return typeof tn === 'string' && holdsNumber(set, tn);
};
