import type { Row, Rows } from './rows.js';

/** How often each name occurs, most often first. */
export type Ranking = ReadonlyArray<readonly [name: string, count: number]>;

/** Entries by time: `times` are the beginnings of spans of one length, in ms. */
export interface Timeline {
  readonly span: number;
  readonly times: readonly number[];
  readonly accepted: readonly number[];
  readonly refused: readonly number[];
  readonly others: readonly number[];
}

export interface Counts {
  readonly kinds: Ranking;
  readonly reasons: Ranking;
  readonly providers: Ranking;
  readonly aps: Ranking;
  readonly timeline: Timeline;
}

const MINUTE = 60_000;
/** Spans that people think in. */
const SPANS = [1, 5, 15, 60, 360, 1440, 10_080, 43_200].map((minutes) => minutes * MINUTE);
const MOST_SPANS = 48;

const ranked = (rows: readonly Row[], nameOf: (row: Row) => string | null): Ranking => {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const name = nameOf(row);
    if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
};

/** Over all that was read. A span is the shortest in which what was read fits on one plot. */
export const timelineOf = (rows: readonly Row[]): Timeline => {
  const timed = rows.filter((row) => row.time !== null);
  const [newest, oldest] = timed.reduce(
    ([high, low], { time }) => [Math.max(high, time ?? 0), Math.min(low, time ?? 0)],
    [-Infinity, Infinity],
  );
  const largest = SPANS.at(-1) as number;
  const span =
    SPANS.find((length) => (newest - oldest) / length < MOST_SPANS - 1) ?? Math.max(largest, (newest - oldest) / (MOST_SPANS - 1));
  const start = Math.floor(oldest / span) * span;
  const length = timed.length === 0 ? 0 : Math.floor((newest - start) / span) + 1;
  const empty = (): number[] => Array.from({ length }, () => 0);
  const [accepted, refused, others] = [empty(), empty(), empty()];
  for (const { time, kind } of timed) {
    const series = kind === 'accept' ? accepted : kind === 'reject' || kind === 'batch' ? refused : others;
    const at = Math.floor(((time ?? 0) - start) / span);
    series[at] = (series[at] ?? 0) + 1;
  }
  return { span, times: accepted.map((_, i) => start + i * span), accepted, refused, others };
};

export const countsOf = (rows: Rows): Counts => {
  const all = [...rows.all()];
  return {
    kinds: ranked(all, ({ kind }) => kind),
    reasons: ranked(all, ({ kind, why }) => (kind === 'accept' || why === 'OK' || why === '' ? null : why)),
    providers: ranked(all, ({ provider }) => provider),
    aps: ranked(all, ({ ap }) => ap),
    timeline: timelineOf(all),
  };
};
