import { createHash } from 'node:crypto';
import { GrowingRows, type RowColumns } from './columns.js';
import { digitsOf, keyOf } from './number-key.js';
import { RangeSearch, outerOf } from './range-search.js';
import type { NumberingRow } from './row.js';
import { SampledColumn, firstOfBoth } from './sampled.js';

/** A table as it goes from one thread to another. */
export interface TableColumns {
  /** SPCs, by the indexes that the rows name them with. */
  readonly names: readonly string[];
  /** Rows of one number each: ported numbers, mostly. */
  readonly singles: RowColumns;
  readonly ranges: RowColumns;
  readonly outer: Int32Array<ArrayBuffer>;
  readonly digest: string;
}

/** Is told of rows over a number: SPC, key of the first number, and ms; -Infinity is since ever. */
export interface RowVisitor {
  add(spc: string, start: number, count: number, since: number): void;
}

/** Rows of one source while they are read. */
export class TableBuilder {
  readonly #names: string[] = [];
  readonly #indexes = new Map<string, number>();
  readonly #singles = new GrowingRows('singles');
  readonly #ranges = new GrowingRows('ranges');

  nameOf(spc: string): number {
    const known = this.#indexes.get(spc);
    if (known !== undefined) return known;
    this.#indexes.set(spc, this.#names.length);
    return this.#names.push(spc) - 1;
  }

  /** @param start key of the first number; `since` ms, -Infinity since ever; `name` from `nameOf` */
  add(start: number, count: number, since: number, name: number): void {
    (count === 1 ? this.#singles : this.#ranges).add(start, count, since, name);
  }

  columns(): TableColumns {
    const names = this.#names;
    const singles = this.#singles.sorted(names);
    const ranges = this.#ranges.sorted(names);
    return { names, singles, ranges, outer: outerOf(ranges), digest: digestOf(names, [singles, ranges]) };
  }
}

/** What can be moved to another thread without a copy. */
export const buffersOf = ({ singles, ranges, outer }: TableColumns): ArrayBuffer[] =>
  [...columnsOf(singles), ...columnsOf(ranges), outer].map(({ buffer }) => buffer);

const columnsOf = ({ starts, counts, since, spcs }: RowColumns): (Float64Array<ArrayBuffer> | Uint32Array<ArrayBuffer>)[] => [
  starts,
  counts,
  since,
  spcs,
];

/** The rows of one source, in order. 20 octets for a single number, 32 for a range. */
export class NumberingTable {
  readonly #columns: TableColumns;
  readonly #search: RangeSearch;
  readonly #spcs: ReadonlySet<string>;
  readonly #starts: SampledColumn;

  constructor(columns: TableColumns) {
    this.#columns = columns;
    this.#search = new RangeSearch(columns.ranges, columns.outer);
    this.#spcs = new Set(columns.names);
    this.#starts = new SampledColumn(columns.singles.starts);
  }

  static of(rows: readonly NumberingRow[]): NumberingTable {
    const builder = new TableBuilder();
    for (const { spc, start, count, validFrom } of rows) builder.add(keyOf(start), count, validFrom ?? -Infinity, builder.nameOf(spc));
    return new NumberingTable(builder.columns());
  }

  get size(): number {
    return this.#columns.singles.starts.length + this.#columns.ranges.starts.length;
  }

  /** Lower-case hex SHA-256 over the rows in their order (docs/log-format.md). */
  get digest(): string {
    return this.#columns.digest;
  }

  /** The octets that the digest is of, some rows at a time: each piece is to be used before the next is asked for. */
  pieces(): Iterable<Uint8Array> {
    const { names, singles, ranges } = this.#columns;
    return piecesOf(names, [singles, ranges]);
  }

  knows(spc: string): boolean {
    return this.#spcs.has(spc);
  }

  /** Visits every row over a number, of whatever time, also rows of shorter numbers that run past their last. */
  visit(number: number, visitor: RowVisitor): void {
    const { names, singles, ranges } = this.#columns;
    const first = firstOfBoth(this.#starts, number, this.#search.starts, number + 1);
    for (let i = first.inA; singles.starts[i] === number; i += 1)
      visitor.add(names[singles.spcs[i] as number] as string, number, 1, singles.since[i] as number);
    for (let i = this.#search.lastOver(number, first.inB - 1); i >= 0; i = this.#search.lastOver(number, i - 1))
      visitor.add(
        names[ranges.spcs[i] as number] as string,
        ranges.starts[i] as number,
        ranges.counts[i] as number,
        ranges.since[i] as number,
      );
  }

  /** Where rows begin, and where they have ended, of all that are over a number from `from` on and below `until`; some are beyond. */
  *edges(from: number, until: number): Generator<number> {
    const { singles, ranges } = this.#columns;
    const first = this.#search.starts.firstAtLeast(from);
    for (let i = this.#search.lastOver(from, first - 1); i >= 0; i = this.#search.lastOver(from, i - 1))
      yield (ranges.starts[i] ?? 0) + (ranges.counts[i] ?? 0);
    yield* edgesOf(singles, this.#starts.firstAtLeast(from), until);
    yield* edgesOf(ranges, first, until);
  }

  /** Every row: those of one number first, each kind in its order. */
  *rows(): Generator<NumberingRow> {
    const { singles, ranges } = this.#columns;
    for (const columns of [singles, ranges])
      for (let i = 0; i < columns.starts.length; i += 1) {
        const since = columns.since[i] ?? 0;
        yield {
          spc: this.#columns.names[columns.spcs[i] ?? 0] ?? '',
          start: digitsOf(columns.starts[i] ?? 0),
          count: columns.counts[i] ?? 1,
          validFrom: since === -Infinity ? null : since,
        };
      }
  }
}

/** Where rows begin and end, from one row on, as far as they begin below `until`. */
function* edgesOf({ starts, counts }: RowColumns, first: number, until: number): Generator<number> {
  for (let i = first; (starts[i] ?? Infinity) < until; i += 1) {
    const start = starts[i] ?? 0;
    yield start;
    yield start + (counts[i] ?? 1);
  }
}

/** Rows written at once. */
const BATCH = 4096;
/** Three binary64, and the length of the SPC. */
const FIXED = 28;

const digestOf = (names: readonly string[], kinds: readonly RowColumns[]): string => {
  const hash = createHash('sha256');
  for (const piece of piecesOf(names, kinds)) hash.update(piece);
  return hash.digest('hex');
};

/** The octets of the digest, some rows at a time, each time in the same memory. */
function* piecesOf(names: readonly string[], kinds: readonly RowColumns[]): Generator<Uint8Array> {
  const octets = names.map((name) => Buffer.from(name));
  const longest = octets.reduce((most, { length }) => Math.max(most, length), 0);
  const batch = Buffer.alloc(BATCH * (FIXED + longest));
  const view = new DataView(batch.buffer, batch.byteOffset, batch.length);
  let length = 0;
  for (const { starts, counts, since, spcs } of kinds)
    for (let i = 0; i < starts.length; i += 1) {
      const spc = octets[spcs[i] ?? 0] ?? batch;
      view.setFloat64(length, starts[i] ?? 0);
      view.setFloat64(length + 8, counts[i] ?? 1);
      view.setFloat64(length + 16, since[i] ?? 0);
      view.setUint32(length + 24, spc.length);
      batch.set(spc, length + FIXED);
      length += FIXED + spc.length;
      if (length + FIXED + longest <= batch.length) continue;
      yield batch.subarray(0, length);
      length = 0;
    }
  yield batch.subarray(0, length);
}

/** The table of which these are the `pieces`, put together. @throws RangeError when a row is cut off */
export const tableOfOctets = (octets: Buffer): NumberingTable => {
  const builder = new TableBuilder();
  for (let at = 0; at < octets.length;) {
    const end = at + FIXED + octets.readUInt32BE(at + 24);
    const spc = octets.toString('utf8', at + FIXED, end);
    builder.add(octets.readDoubleBE(at), octets.readDoubleBE(at + 8), octets.readDoubleBE(at + 16), builder.nameOf(spc));
    at = end;
  }
  return new NumberingTable(builder.columns());
};
