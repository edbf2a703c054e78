import type { RowColumns } from './columns.js';
import { SampledColumn } from './sampled.js';

/** Which rows are over one number, however they overlap, in memory that grows with the rows alone. */
export class RangeSearch {
  readonly #rows: RowColumns;
  readonly #starts: SampledColumn;
  readonly #outer: Int32Array;

  constructor(rows: RowColumns, outer: Int32Array) {
    this.#rows = rows;
    this.#starts = new SampledColumn(rows.starts);
    this.#outer = outer;
  }

  /** Index of the first row that does not begin below the number. */
  firstFrom(number: number): number {
    return this.#starts.firstAtLeast(number);
  }

  /** Calls with the index of each row that begins at the number or before and ends after it. */
  each(number: number, found: (index: number) => void): void {
    let i = this.#starts.firstAtLeast(number + 1) - 1;
    while (i >= 0) {
      const isOver = this.#endOf(i) > number;
      if (isOver) found(i);
      i = isOver ? i - 1 : (this.#outer[i] ?? -1);
    }
  }

  #endOf(i: number): number {
    return endOf(this.#rows, i);
  }
}

const endOf = ({ starts, counts }: RowColumns, i: number): number => (starts[i] ?? 0) + (counts[i] ?? 0);

/** For each row the nearest row before it that ends later; -1: none does. What lies between ends before it too, and is passed over with it. */
export const outerOf = (rows: RowColumns): Int32Array<ArrayBuffer> => {
  const outer = new Int32Array(rows.starts.length);
  for (let i = 0; i < outer.length; i += 1) {
    let at = i - 1;
    while (at >= 0 && endOf(rows, at) <= endOf(rows, i)) at = outer[at] ?? -1;
    outer[i] = at;
  }
  return outer;
};
