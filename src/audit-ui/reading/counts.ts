import type { Row } from './rows.js';

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
/** Minutes; spans that people think in. */
const SPANS = [1, 5, 15, 60, 360, 1440, 10_080, 43_200] as const;
const MOST_SPANS = 48;

type Minute = [accepted: number, refused: number, others: number];

const count = (counts: Map<string, number>, name: string | null): void => {
  if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1);
};

const ranked = (counts: ReadonlyMap<string, number>): Ranking => [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));

const seriesOf = (kind: string): 0 | 1 | 2 => {
  if (kind === 'accept') return 0;
  return kind === 'reject' || kind === 'batch' ? 1 : 2;
};

/** Counts entries as they come, so that looking at the counts costs the same for a thousand entries and a million. */
export class Tally {
  readonly #kinds = new Map<string, number>();
  readonly #reasons = new Map<string, number>();
  readonly #providers = new Map<string, number>();
  readonly #aps = new Map<string, number>();
  readonly #minutes = new Map<number, Minute>();

  add({ time, kind, why, provider, ap }: Row): void {
    count(this.#kinds, kind);
    count(this.#reasons, kind === 'accept' || why === 'OK' || why === '' ? null : why);
    count(this.#providers, provider);
    count(this.#aps, ap);
    if (time === null) return;
    const minute = Math.floor(time / MINUTE);
    const counts = this.#minutes.get(minute) ?? [0, 0, 0];
    counts[seriesOf(kind)] += 1;
    this.#minutes.set(minute, counts);
  }

  counts(): Counts {
    return {
      kinds: ranked(this.#kinds),
      reasons: ranked(this.#reasons),
      providers: ranked(this.#providers),
      aps: ranked(this.#aps),
      timeline: this.#timeline(),
    };
  }

  /** A span is the shortest in which what was read fits on one plot. */
  #timeline(): Timeline {
    let [oldest, newest] = [Infinity, -Infinity];
    for (const minute of this.#minutes.keys()) [oldest, newest] = [Math.min(oldest, minute), Math.max(newest, minute)];
    const fits = (span: number): boolean => (newest - oldest) / span < MOST_SPANS - 1;
    const span = SPANS.find(fits) ?? Math.max(43_200, Math.ceil((newest - oldest) / (MOST_SPANS - 1)));
    const start = Math.floor(oldest / span);
    const length = this.#minutes.size === 0 ? 0 : Math.floor(newest / span) - start + 1;
    const series: [number[], number[], number[]] = [zeros(length), zeros(length), zeros(length)];
    for (const [minute, counts] of this.#minutes) {
      const at = Math.floor(minute / span) - start;
      for (const i of [0, 1, 2] as const) series[i][at] = (series[i][at] ?? 0) + counts[i];
    }
    const [accepted, refused, others] = series;
    return { span: span * MINUTE, times: accepted.map((_, i) => (start + i) * span * MINUTE), accepted, refused, others };
  }
}

const zeros = (length: number): number[] => Array.from({ length }, () => 0);
