/** What is searched first fits in the cache then, where tens of millions of values do not. */
const SAMPLED = 256;

/** Index of the first value from `from` on and before `to` that is not below; `to` when there is none. */
const firstAtLeast = (sorted: Float64Array, value: number, from: number, to: number): number => {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** Ascending values, searched by way of every 256th of them. */
export class SampledColumn {
  readonly #values: Float64Array;
  readonly #sample: Float64Array;

  constructor(values: Float64Array) {
    this.#values = values;
    this.#sample = new Float64Array(Math.ceil(values.length / SAMPLED));
    for (let i = 0; i < this.#sample.length; i += 1) this.#sample[i] = values[i * SAMPLED] ?? 0;
  }

  /** Index of the first value that is not below; their number when there is none. */
  firstAtLeast(value: number): number {
    const until = firstAtLeast(this.#sample, value, 0, this.#sample.length) * SAMPLED;
    return firstAtLeast(this.#values, value, Math.max(0, until - SAMPLED), Math.min(until, this.#values.length));
  }
}
