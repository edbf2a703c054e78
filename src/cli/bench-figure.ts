/** One measured figure beside what bounds it, both of the same run. */
export interface Figure {
  /** Which benchmark it belongs to: `--only NAME` measures it again. */
  readonly bench: string;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** The physical or simplest possible thing that was measured in alternation with it; null where there is none. */
  readonly limit: { readonly what: string; readonly value: number } | null;
  /** The ratio to the limit where it was taken pair by pair; otherwise it is value / limit. */
  readonly ratio?: number;
  /** What this project promises of it; null where it is told for reading alone. */
  readonly bar: Bar | null;
}

export interface Bar {
  /** Of the value, or of its ratio to the limit. */
  readonly of: 'value' | 'ratio';
  readonly sense: 'at least' | 'at most';
  readonly bound: number;
}

/** What a benchmark needs to know of its run. */
export interface BenchOptions {
  /** Small counts: shows that everything runs, measures nothing worth telling. */
  readonly quick: boolean;
  /** Says what goes on to who waits. */
  readonly tell: (text: string) => void;
}

export interface BenchResult {
  readonly figures: readonly Figure[];
  /** What could not be measured on this machine, and why. */
  readonly leftOut: readonly string[];
}

export const ratioOf = (figure: Figure): number | null =>
  figure.limit === null ? null : (figure.ratio ?? figure.value / figure.limit.value);

/** Null where nothing was promised. */
export const isMet = (figure: Figure): boolean | null => {
  if (figure.bar === null) return null;
  const measured = figure.bar.of === 'value' ? figure.value : (ratioOf(figure) ?? Number.NaN);
  return figure.bar.sense === 'at least' ? measured >= figure.bar.bound : measured <= figure.bar.bound;
};

export const median = (values: readonly number[]): number => percentile(values, 50);

/** Nearest-rank percentile. */
export const percentile = (values: readonly number[], percent: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
};
