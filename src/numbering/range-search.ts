import type { RowColumns } from './columns.js';
import { SampledColumn } from './sampled.js';

/** Which rows are over one number, however they overlap, in memory that grows with the rows alone. */
export class RangeSearch {
  readonly #rows: RowColumns;
  readonly #outer: Int32Array;
  readonly starts: SampledColumn;

  constructor(rows: RowColumns, outer: Int32Array) {
    this.#rows = rows;
    this.#outer = outer;
    this.starts = new SampledColumn(rows.starts);
  }

  /**
   * Index of the last row up to `last` that ends after the number; -1: none does.
   * @param last a row that begins at the number or before, as all before it do; -1: there is none
   */
  lastOver(number: number, last: number): number {
    let i = last;
    while (i >= 0 && endOf(this.#rows, i) <= number) i = this.#outer[i] as number;
    return i;
  }
}

const endOf = ({ starts, counts }: RowColumns, i: number): number => (starts[i] as number) + (counts[i] as number);

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
