import { refuse } from '../reasons/index.js';
import type { TnEntry } from '../x509/index.js';

/** Numbers in a row; a count of 1 is one number. */
export interface NumberRange {
  readonly start: string;
  readonly count: number;
}

/** E.164: at most 15 digits; a calling code never begins with 0. */
const E164 = /^[1-9][0-9]{1,14}$/;

interface Interval {
  readonly first: number;
  readonly last: number;
}

const intervalOf = ({ start, count }: NumberRange): Interval => {
  if (!E164.test(start)) return refuse('non-canonical-tn', 'start');
  if (!Number.isSafeInteger(count) || count < 1) return refuse('malformed-request', 'count');
  const first = Number(start);
  if (first + count > 10 ** start.length) return refuse('range-overflow', 'range');
  return { first, last: first + count - 1 };
};

const merged = (intervals: readonly Interval[]): Interval[] => {
  const result: Interval[] = [];
  for (const interval of [...intervals].sort((a, b) => a.first - b.first)) {
    const previous = result.at(-1);
    // Of equal length only: 9999 and 10000 are neighbours as integers, not as numbers.
    const adjacent = previous !== undefined && interval.first <= previous.last + 1 && sameLength(previous.first, interval.first);
    if (adjacent) result[result.length - 1] = { first: previous.first, last: Math.max(previous.last, interval.last) };
    else result.push(interval);
  }
  return result;
};

const sameLength = (a: number, b: number): boolean => String(a).length === String(b).length;

const entriesOf = ({ first, last }: Interval): TnEntry[] => {
  if (first === last) return [{ tn: String(first) }];
  // RFC 8226 section 9 (2), by its formula: start + count < 10^D. A block that ends at 99..9 is split.
  if (last + 1 < 10 ** String(first).length) return [{ start: String(first), count: last - first + 1 }];
  return [...entriesOf({ first, last: last - 1 }), { tn: String(last) }];
};

/**
 * The numbers as TNAuthList entries: sorted, merged, without overlap, split where the formal range rule demands it.
 * @throws Refusal `non-canonical-tn`, `malformed-request`, `range-overflow`
 */
export const numberEntries = (ranges: readonly NumberRange[]): TnEntry[] => merged(ranges.map(intervalOf)).flatMap(entriesOf);

const rangeOf = ({ first, last }: Interval): NumberRange => ({ start: String(first), count: last - first + 1 });

const spans = (ranges: readonly NumberRange[]): Interval[] => merged(ranges.map(intervalOf));

/** Sorted, merged, without overlap. @throws Refusal as `numberEntries` */
export const mergedRanges = (ranges: readonly NumberRange[]): NumberRange[] => spans(ranges).map(rangeOf);

/** Whether every number of `asked` is in `holding`. Both are merged, so a span fits into one span or not at all. */
export const holdsNumbers = (holding: readonly NumberRange[], asked: readonly NumberRange[]): boolean => {
  const held = spans(holding);
  return spans(asked).every(({ first, last }) => held.some((span) => span.first <= first && last <= span.last));
};

/** Whether the two have a number in common. */
export const shareNumbers = (one: readonly NumberRange[], other: readonly NumberRange[]): boolean => {
  const held = spans(other);
  return spans(one).some(({ first, last }) => held.some((span) => span.first <= last && first <= span.last));
};

/** `from` without `taken`. */
export const withoutNumbers = (from: readonly NumberRange[], taken: readonly NumberRange[]): NumberRange[] => {
  let left = spans(from);
  for (const gone of spans(taken)) {
    left = left.flatMap((span) => {
      if (gone.last < span.first || span.last < gone.first) return [span];
      const before = gone.first > span.first ? [{ first: span.first, last: gone.first - 1 }] : [];
      const after = gone.last < span.last ? [{ first: gone.last + 1, last: span.last }] : [];
      return [...before, ...after];
    });
  }
  return left.map(rangeOf);
};

/** The numbers of a TNAuthList, without its SPCs. */
export const rangesOf = (entries: readonly TnEntry[]): NumberRange[] =>
  entries.flatMap((entry) => ('start' in entry ? [entry] : 'tn' in entry ? [{ start: entry.tn, count: 1 }] : []));

/** `12025550100`, or `12025550200+100` for a range. */
export const rangeText = ({ start, count }: NumberRange): string => (count === 1 ? start : `${start}+${count}`);

/** The inverse of `rangeText`; null when the text is of another form. */
export const parseRange = (text: string): NumberRange | null => {
  const [, start, count = '1'] = /^([0-9]{1,15})(?:\+([1-9][0-9]{0,15}))?$/.exec(text) ?? [];
  return start === undefined ? null : { start, count: Number(count) };
};
