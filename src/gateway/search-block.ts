import { createHash } from 'node:crypto';
import type { SearchNames } from './search-names.js';

/** Entries of a block: 48 octets each in memory and on disk, and what a start reads again of the log at most. */
export const BLOCK = 16_384;

/** Octets of a store key that stand for a subject: two different ones are the same once in 10^10 searches of 10^9 entries. */
export const TAG = 8;

/** What the index keeps of an entry. */
export interface SearchRow {
  readonly kind: string;
  /** ms */
  readonly time: number;
  readonly action: string | null;
  readonly reason: string;
  readonly client: string | null;
  /** SPC or domain of who signed. */
  readonly signer: string | null;
  /** The provider of record of the SII where it is another than who signed; null: the same, or not known. */
  readonly owner: string | null;
  /** Where the SII is: its calling code, or `mail`; null where the entry is about none. */
  readonly area: string | null;
  /** First octets of the PASSporT's digest. */
  readonly mark: number;
  /** Latin1, TAG octets each: the subjects that the entry is about. */
  readonly tags: readonly string[];
}

const NAMED = ['kind', 'action', 'reason', 'client', 'signer', 'owner', 'area'] as const;
export type NamedColumn = (typeof NAMED)[number];

const DIGEST = 32;
/** Number of further tags and of names, 4 octets each. */
const COUNTS = 8;

/** Up to BLOCK entries, a column a member. Names are numbers of `SearchNames`; 0: null. */
export class SearchBlock {
  count = 0;
  readonly times = new Float64Array(BLOCK);
  readonly named: Readonly<Record<NamedColumn, Uint32Array>> = {
    kind: new Uint32Array(BLOCK),
    action: new Uint32Array(BLOCK),
    reason: new Uint32Array(BLOCK),
    client: new Uint32Array(BLOCK),
    signer: new Uint32Array(BLOCK),
    owner: new Uint32Array(BLOCK),
    area: new Uint32Array(BLOCK),
  };
  readonly marks = new Uint32Array(BLOCK);
  /** The first tag of each entry; 0 twice: none. */
  readonly high = new Uint32Array(BLOCK);
  readonly low = new Uint32Array(BLOCK);
  /** Further tags, of sweeps, in the order of their entries: place in the block, then the tag in two halves. */
  further: number[] = [];
  /** Hash of the last leaf: whose log this block is of. */
  last: Uint8Array = new Uint8Array(DIGEST);

  push(row: SearchRow, leafHash: Uint8Array, names: SearchNames): void {
    const at = this.count;
    this.times[at] = row.time;
    for (const column of NAMED) this.named[column][at] = names.numberOf(row[column]);
    this.marks[at] = row.mark;
    const [first, ...further] = row.tags;
    if (first !== undefined) [this.high[at], this.low[at]] = halvesOf(first);
    for (const tag of further) this.further.push(at, ...halvesOf(tag));
    this.last = leafHash;
    this.count += 1;
  }

  /** Whether the entry is about the subject. */
  isAbout(at: number, high: number, low: number): boolean {
    return (this.high[at] === high && this.low[at] === low) || (this.further.length > 0 && this.#hasFurther(at, high, low));
  }

  /** A block may have a million further tags, of one sweep over many mappings: only those of the entry are looked at. */
  #hasFurther(at: number, high: number, low: number): boolean {
    const { further } = this;
    let [first, end] = [0, further.length / 3];
    while (first < end) {
      const middle = (first + end) >> 1;
      if ((further[middle * 3] as number) < at) first = middle + 1;
      else end = middle;
    }
    for (let i = first * 3; further[i] === at; i += 3) if (further[i + 1] === high && further[i + 2] === low) return true;
    return false;
  }

  /** Takes tags away; whether there were any. */
  forget(isForgotten: (at: number, high: number, low: number) => boolean): boolean {
    let changed = false;
    for (let at = 0; at < this.count; at += 1) {
      const [high, low] = [this.high[at] as number, this.low[at] as number];
      if ((high === 0 && low === 0) || !isForgotten(at, high, low)) continue;
      this.high[at] = this.low[at] = 0;
      changed = true;
    }
    const kept: number[] = [];
    for (let i = 0; i < this.further.length; i += 3) {
      const [at, high, low] = this.further.slice(i, i + 3) as [number, number, number];
      if (!isForgotten(at, high, low)) kept.push(at, high, low);
    }
    changed ||= kept.length < this.further.length;
    this.further = kept;
    return changed;
  }

  /** A full block with the names that it uses, after the SHA-256 of all of it. Little-endian, as every machine that runs this is. */
  encode(names: SearchNames): Buffer {
    const used = [...new Set(NAMED.flatMap((column) => [...new Set(this.named[column])]))].filter((number) => number !== 0);
    const local = new Map(used.map((number, i) => [number, i + 1]));
    const text = Buffer.from(used.map((number) => names.textOf(number)).join('\n'), 'latin1');
    const columns = NAMED.map((column) => this.named[column].map((number) => local.get(number) ?? 0));
    const further = Uint32Array.from(this.further);
    const counts = Buffer.alloc(COUNTS);
    counts.writeUInt32LE(further.length, 0);
    counts.writeUInt32LE(text.length, 4);
    const parts = [this.times, ...columns, this.marks, this.high, this.low, further].map(octetsOf);
    const content = Buffer.concat([VERSION, this.last, counts, ...parts, text]);
    return Buffer.concat([createHash('sha256').update(content).digest(), content]);
  }

  /** Null where the octets are not a whole block. */
  static decode(octets: Uint8Array, names: SearchNames): SearchBlock | null {
    const content = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).subarray(DIGEST);
    if (content.length < FIXED || !createHash('sha256').update(content).digest().equals(octets.subarray(0, DIGEST))) return null;
    if (!content.subarray(0, VERSION.length).equals(VERSION)) return null;
    const block = new SearchBlock();
    block.last = Uint8Array.from(content.subarray(VERSION.length, VERSION.length + DIGEST));
    const furtherLength = content.readUInt32LE(VERSION.length + DIGEST);
    let at = VERSION.length + DIGEST + COUNTS;
    const fill = (column: Float64Array | Uint32Array): void => {
      octetsOf(column).set(content.subarray(at, at + column.byteLength));
      at += column.byteLength;
    };
    const further = new Uint32Array(furtherLength);
    [block.times, ...NAMED.map((column) => block.named[column]), block.marks, block.high, block.low, further].forEach(fill);
    block.further = [...further];
    const used = content.toString('latin1', at).split('\n');
    const numbers = [0, ...used.map((name) => names.numberOf(name))];
    for (const column of NAMED) {
      const values = block.named[column];
      for (let i = 0; i < BLOCK; i += 1) values[i] = numbers[values[i] as number] ?? 0;
    }
    block.count = BLOCK;
    return block;
  }
}

const VERSION = Buffer.from('sps2', 'latin1');
const FIXED = VERSION.length + DIGEST + COUNTS + BLOCK * (8 + 4 * (NAMED.length + 3));

const octetsOf = (column: Float64Array | Uint32Array): Uint8Array => new Uint8Array(column.buffer, column.byteOffset, column.byteLength);

/** A tag in two numbers. */
export const halvesOf = (tag: string): [number, number] => {
  const octets = Buffer.from(tag, 'latin1');
  return [octets.readUInt32LE(0), octets.readUInt32LE(4)];
};
