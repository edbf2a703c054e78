import type { RowColumns } from './columns.js';
import { firstKeyOf } from './number-key.js';
import type { TableColumns } from './numbering-table.js';

/** Calling codes that a feed may speak for, and longer ones below them that others speak for. */
export interface FeedScope {
  readonly codes: readonly string[];
  readonly apart: readonly string[];
}

/**
 * What each of several feeds may speak for. Of calling codes the longest that begins a number counts, among all that any of them names, so that one country's
 * administrator never moves another's numbers.
 */
export const scopesOf = (feeds: readonly (readonly string[])[]): FeedScope[] => {
  const all = new Set(feeds.flat());
  return feeds.map((codes) => ({
    codes,
    apart: [...all].filter((code) => !codes.includes(code) && codes.some((own) => code.startsWith(own))),
  }));
};

/** Keys of all numbers that begin with a calling code, by length: first, and first beyond. */
type Block = readonly [number, number];

const MAX_DIGITS = 15;

const blocksOf = (codes: readonly string[]): Block[] =>
  codes.flatMap((code) =>
    Array.from({ length: MAX_DIGITS - code.length + 1 }, (_, more): Block => {
      const first = firstKeyOf(code.length + more) + Number(code) * firstKeyOf(more);
      return [first, first + firstKeyOf(more)];
    }),
  );

/** How many rows are not wholly within the scope; one that runs past the last number of its length is not. */
export const rowsOutside = ({ singles, ranges }: TableColumns, { codes, apart }: FeedScope): number => {
  const [own, others] = [blocksOf(codes), blocksOf(apart)];
  const isInside = (from: number, to: number): boolean =>
    own.some(([first, end]) => from >= first && to <= end) && !others.some(([first, end]) => from < end && to > first);
  return [singles, ranges].reduce((sum, columns) => sum + outsideOf(columns, isInside), 0);
};

const outsideOf = ({ starts, counts }: RowColumns, isInside: (from: number, to: number) => boolean): number => {
  let outside = 0;
  for (let i = 0; i < starts.length; i += 1) {
    const start = starts[i] ?? 0;
    if (!isInside(start, start + (counts[i] ?? 1))) outside += 1;
  }
  return outside;
};

/** Numbers about which nothing is known for now: those whose longest code among `codes` is one of `silent`. */
export interface Silence {
  readonly codes: ReadonlySet<string>;
  readonly silent: ReadonlySet<string>;
}

export const isSilent = ({ codes, silent }: Silence, tn: string): boolean => {
  for (let length = tn.length; length > 0; length -= 1) {
    const code = tn.slice(0, length);
    if (codes.has(code)) return silent.has(code);
  }
  return false;
};

/** Of feeds and whether each is silent; null: none is. */
export const silenceOf = (feeds: readonly { readonly codes: readonly string[]; readonly isSilent: boolean }[]): Silence | null => {
  const silent = new Set(feeds.filter((feed) => feed.isSilent).flatMap(({ codes }) => codes));
  return silent.size === 0 ? null : { codes: new Set(feeds.flatMap(({ codes }) => codes)), silent };
};

/** A line for each code. */
export const linesOfSilence = (silence: Silence | null): string[] =>
  [...(silence?.codes ?? [])].map((code) => `${silence?.silent.has(code) === true ? 'silent' : 'heard'} ${code}`);

/** Null: nobody is silent. */
export const silenceOfLines = (lines: readonly string[]): Silence | null => {
  const codesOf = (word: string): string[] =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  const silent = codesOf('silent');
  return silent.length === 0 ? null : { codes: new Set([...silent, ...codesOf('heard')]), silent: new Set(silent) };
};
