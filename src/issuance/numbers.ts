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
