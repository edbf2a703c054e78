import { orderOf } from './row-order.js';

/** 8 KiB: a plan of a few rows is made for single lines of `verify passport`. */
const PART_BITS = 10;
const PART = 1 << PART_BITS;

type Values = Float64Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

/** Values that are added one by one, and never copied to make room: there may be tens of millions. */
class Column<T extends Values> {
  readonly #make: (size: number) => T;
  #parts: T[] = [];
  #last: T;
  size = 0;

  constructor(make: (size: number) => T) {
    this.#make = make;
    this.#last = make(0);
  }

  add(value: number): void {
    const at = this.size & (PART - 1);
    if (at === 0) this.#parts.push((this.#last = this.#make(PART)));
    this.#last[at] = value;
    this.size += 1;
  }

  at(index: number): number {
    return this.#parts[index >>> PART_BITS]?.[index & (PART - 1)] ?? 0;
  }

  /** Its values in that order; in their own where it is null. It is empty then: memory is short while a table is made. */
  taken(order: Uint32Array | null): T {
    const values = this.#make(this.size);
    if (order === null) this.#parts.forEach((part, i) => values.set(part.subarray(0, this.size - i * PART), i * PART));
    else for (let i = 0; i < values.length; i += 1) values[i] = this.at(order[i] ?? 0);
    this.#parts = [];
    return values;
  }
}

/** Rows in the order of start, then count, validFrom and SPC. They can be handed to another thread. */
export interface RowColumns {
  /** Keys of numbers. */
  readonly starts: Float64Array<ArrayBuffer>;
  /** Of rows of one number each: empty. */
  readonly counts: Float64Array<ArrayBuffer>;
  /** ms; -Infinity: since ever. */
  readonly since: Float64Array<ArrayBuffer>;
  /** Indexes into the names of providers. */
  readonly spcs: Uint32Array<ArrayBuffer>;
}

const doubles = (size: number): Float64Array<ArrayBuffer> => new Float64Array(size);
const words = (size: number): Uint32Array<ArrayBuffer> => new Uint32Array(size);

/** Rows of one kind while they are read. */
export class GrowingRows {
  readonly #starts = new Column(doubles);
  readonly #counts: Column<Float64Array<ArrayBuffer>> | null;
  readonly #since = new Column(doubles);
  readonly #spcs = new Column(words);

  constructor(kind: 'ranges' | 'singles') {
    this.#counts = kind === 'ranges' ? new Column(doubles) : null;
  }

  add(start: number, count: number, since: number, spc: number): void {
    this.#starts.add(start);
    this.#counts?.add(count);
    this.#since.add(since);
    this.#spcs.add(spc);
  }

  /** It is empty then. */
  sorted(names: readonly string[]): RowColumns {
    const { keys: starts, order } = orderOf(this.#starts.taken(null), (a, b) => this.#compare(a, b, names));
    return {
      starts,
      counts: this.#counts?.taken(order) ?? doubles(0),
      since: this.#since.taken(order),
      spcs: this.#spcs.taken(order),
    };
  }

  /** Of two rows with one start. */
  #compare(a: number, b: number, names: readonly string[]): number {
    const byCount = (this.#counts?.at(a) ?? 1) - (this.#counts?.at(b) ?? 1);
    if (byCount !== 0) return byCount;
    const [sinceA, sinceB] = [this.#since.at(a), this.#since.at(b)];
    if (sinceA !== sinceB) return sinceA < sinceB ? -1 : 1;
    const [spcA = '', spcB = ''] = [names[this.#spcs.at(a)], names[this.#spcs.at(b)]];
    return spcA < spcB ? -1 : spcA > spcB ? 1 : 0;
  }
}
