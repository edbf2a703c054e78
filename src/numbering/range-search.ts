import type { RowColumns } from './columns.js';
import { SampledColumn } from './sampled.js';

/** Which rows are over one number, however they overlap, in memory that grows with the rows alone. */
export class RangeSearch {
  readonly #rows: RowColumns;
  readonly #starts: SampledColumn;
  /** For each row the nearest row before it that ends later; -1: none does. What lies between ends before it too, and is passed over with it. */
  readonly #outer: Int32Array;

  constructor(rows: RowColumns) {
    this.#rows = rows;
    this.#starts = new SampledColumn(rows.starts);
    this.#outer = new Int32Array(rows.starts.length);
    for (let i = 0; i < this.#outer.length; i += 1) {
      let outer = i - 1;
      while (outer >= 0 && this.#endOf(outer) <= this.#endOf(i)) outer = this.#outer[outer] ?? -1;
      this.#outer[i] = outer;
    }
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
    return (this.#rows.starts[i] ?? 0) + (this.#rows.counts[i] ?? 0);
  }
}
