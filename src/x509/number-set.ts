import type { TnEntry } from './tn-entry.js';

/** First and last number, inclusive. At most 15 digits: exact as a double. */
type Interval = readonly [first: number, last: number];

/** The numbers that a TNAuthList holds: the union of its entries, adjacent ranges merged, per count of digits (RFC 8226 section 9). */
export interface NumberSet {
  readonly spcs: ReadonlySet<string>;
  /** By count of digits: disjoint, ascending, never adjacent. */
  readonly intervals: ReadonlyMap<number, readonly Interval[]>;
  /** Numbers with `#` or `*`: no arithmetic, compared as strings. */
  readonly others: ReadonlySet<string>;
}

const DIGITS = /^[0-9]{1,15}$/;

const merge = (intervals: Interval[]): Interval[] => {
  intervals.sort((a, b) => a[0] - b[0]);
  const merged: Interval[] = [];
  for (const [first, last] of intervals) {
    const previous = merged.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) merged[merged.length - 1] = [previous[0], Math.max(previous[1], last)];
    else merged.push([first, last]);
  }
  return merged;
};

export const numberSet = (entries: readonly TnEntry[]): NumberSet => {
  const spcs = new Set<string>();
  const others = new Set<string>();
  const unmerged = new Map<number, Interval[]>();
  const add = (start: string, count: number): void => {
    const first = Number(start);
    const sameLength = unmerged.get(start.length) ?? [];
    sameLength.push([first, first + count - 1]);
    unmerged.set(start.length, sameLength);
  };
  for (const entry of entries) {
    if ('spc' in entry) spcs.add(entry.spc);
    else if ('start' in entry) add(entry.start, entry.count);
    else if (DIGITS.test(entry.tn)) add(entry.tn, 1);
    else others.add(entry.tn);
  }
  const intervals = new Map<number, Interval[]>();
  for (const [length, list] of unmerged) intervals.set(length, merge(list));
  return { spcs, intervals, others };
};

/** Whether the set has numbers at all, of itself and not through an SPC. */
export const hasNumbers = (set: NumberSet): boolean => set.intervals.size > 0 || set.others.size > 0;

const holdsInterval = (intervals: readonly Interval[], [first, last]: Interval): boolean => {
  let low = 0;
  let high = intervals.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((intervals[middle] as Interval)[0] <= first) low = middle + 1;
    else high = middle;
  }
  const candidate = intervals[low - 1];
  return candidate !== undefined && last <= candidate[1];
};

/** Exact count of digits, never a prefix match. */
export const holdsNumber = (set: NumberSet, tn: string): boolean => {
  if (!DIGITS.test(tn)) return set.others.has(tn);
  const intervals = set.intervals.get(tn.length);
  const value = Number(tn);
  return intervals !== undefined && holdsInterval(intervals, [value, value]);
};

/** Every number of `child` is in `parent`'s own numbers. Both are merged, so a child's interval fits into one of the parent's or not at all. */
export const holdsNumbersOf = (parent: NumberSet, child: NumberSet): boolean => {
  for (const tn of child.others) if (!parent.others.has(tn)) return false;
  for (const [length, intervals] of child.intervals) {
    const held = parent.intervals.get(length);
    if (held === undefined || !intervals.every((interval) => holdsInterval(held, interval))) return false;
  }
  return true;
};
