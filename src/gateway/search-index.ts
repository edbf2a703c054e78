import { setImmediate as nextTurn } from 'node:timers/promises';
import { kindsOfVerdict, providerInLeaf, type LeafFilter } from '../log/index.js';
import type { SubjectId } from '../ports/index.js';
import { BLOCK, SearchBlock, TAG, halvesOf, type SearchRow } from './search-block.js';
import { SearchNames } from './search-names.js';

/** What is looked for: a filter over leaves, and perhaps whom they are about. */
export interface Wanted {
  readonly filter: LeafFilter;
  /** Null: about anybody. */
  readonly subject: SubjectId | null;
  /** SPC or domain of who signed; absent: anybody. */
  readonly signer?: string;
}

export interface Walk {
  /** Entries from here to before `end`. */
  readonly begin: number;
  readonly end: number;
  readonly newestFirst: boolean;
  /** Entries that are found at most, and looked at at most. */
  readonly most: number;
  readonly budget: number;
}

export interface Walked {
  /** Candidates: what fits here fits the leaf, but for what is kept in part only. */
  readonly found: readonly number[];
  /** What is left of the walk; null: nothing. */
  readonly rest: { readonly begin: number; readonly end: number } | null;
}

/** Blocks that are looked through in one go: a millisecond or two. */
const SLICE = 4;

type Test = (block: SearchBlock, at: number) => boolean;

/** A column that must hold a number. */
interface Equality {
  /** Null: of this block it says nothing. */
  readonly columnOf: (block: SearchBlock) => Uint32Array | null;
  readonly number: number;
}

/** The first equality is what most entries fail, and costs a nanosecond; null: there is none. */
interface Tests {
  readonly first: Equality | null;
  readonly others: readonly Test[];
}

/** The columns of every entry, in order: what search and monitoring run over. In memory alone; `SearchFilling` keeps it beside the log. */
export class SearchIndex {
  readonly names = new SearchNames();
  readonly #blocks: SearchBlock[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The next entry; the number of the block that it fills, or null. */
  append(row: SearchRow, leafHash: Uint8Array): number | null {
    let block = this.#blocks.at(-1);
    if (block === undefined || block.count === BLOCK) this.#blocks.push((block = new SearchBlock()));
    block.push(row, leafHash, this.names);
    this.#size += 1;
    return block.count === BLOCK ? this.#blocks.length - 1 : null;
  }

  /** The next block, whole. */
  adopt(block: SearchBlock): void {
    this.#blocks.push(block);
    this.#size += block.count;
  }

  encode(block: number): Uint8Array {
    return (this.#blocks[block] as SearchBlock).encode(this.names);
  }

  /** Where the SII is that an entry is about. */
  areaOf(index: number): string | null {
    const [block, at] = this.#place(index);
    return this.names.textOf(block.named.area[at] as number);
  }

  row(index: number): SearchRow {
    const [block, at] = this.#place(index);
    const text = (column: keyof SearchBlock['named']): string | null => this.names.textOf(block.named[column][at] as number);
    return {
      kind: text('kind') ?? '',
      time: block.times[at] as number,
      action: text('action'),
      reason: text('reason') ?? '',
      client: text('client'),
      signer: text('signer'),
      owner: text('owner'),
      area: text('area'),
      mark: block.marks[at] as number,
      tags: [],
    };
  }

  /** Looks through the entries, in slices, so that nobody waits for it. */
  async walk(wanted: Wanted, { begin, end, newestFirst, most, budget }: Walk): Promise<Walked> {
    const tests = this.#testsOf(wanted);
    if (tests === null) return { found: [], rest: null };
    let [low, high] = [
      Math.max(begin, this.#firstAt(wanted.filter.since ?? 0)),
      Math.min(end, this.#firstAt(wanted.filter.until ?? Infinity)),
    ];
    const found: number[] = [];
    let looked = 0;
    for (let slices = 0; low < high && found.length < most && looked < budget; slices += 1) {
      if (slices % SLICE === SLICE - 1) await nextTurn();
      const from = newestFirst ? Math.max(low, Math.floor((high - 1) / BLOCK) * BLOCK) : low;
      const to = newestFirst ? high : Math.min(high, (Math.floor(low / BLOCK) + 1) * BLOCK);
      const [block] = this.#place(from);
      const base = from - (from % BLOCK);
      looked += to - from;
      const column = tests.first?.columnOf(block) ?? null;
      let next = newestFirst ? to - 1 : from;
      for (; next >= from && next < to && found.length < most; next += newestFirst ? -1 : 1) {
        if (column !== null && column[next - base] !== tests.first?.number) continue;
        if (tests.others.every((test) => test(block, next - base))) found.push(next);
      }
      if (newestFirst) high = next + 1;
      else low = next;
    }
    return { found, rest: low < high ? { begin: low, end: high } : null };
  }

  /** Entries about this subject, or by this test, say no more whom they are about; the full blocks that changed. */
  async forget(isForgotten: (time: number, kind: string, high: number, low: number) => boolean): Promise<readonly number[]> {
    const changed: number[] = [];
    for (const [number, block] of this.#blocks.entries()) {
      if (number % SLICE === SLICE - 1) await nextTurn();
      const kindOf = (at: number): string => this.names.textOf(block.named.kind[at] as number) ?? '';
      const isChanged = block.forget((at, high, low) => isForgotten(block.times[at] as number, kindOf(at), high, low));
      if (isChanged && block.count === BLOCK) changed.push(number);
    }
    return changed;
  }

  #place(index: number): readonly [SearchBlock, number] {
    return [this.#blocks[Math.floor(index / BLOCK)] as SearchBlock, index % BLOCK];
  }

  /** The first entry that is not before `ms`: leaves are in the order of their times. */
  #firstAt(ms: number): number {
    let [low, high] = [0, this.#size];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const [block, at] = this.#place(middle);
      if ((block.times[at] as number) < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Null: no entry has such a name. */
  #testsOf({ filter, subject, signer }: Wanted): Tests | null {
    const { verdict, kind, provider, spc, reason, action, tok } = filter;
    const names = { reason, signer: signer ?? spc, action, kind } as const;
    const equalities: Equality[] = tok === undefined ? [] : [{ columnOf: ({ marks }) => marks, number: markOf(tok) }];
    for (const column of ['reason', 'signer', 'action', 'kind'] as const) {
      const text = names[column];
      if (text === undefined) continue;
      const number = this.names.find(text);
      if (number === null) return null;
      equalities.push({ columnOf: ({ named }) => named[column], number });
    }
    const others: Test[] = [];
    if (subject !== null) {
      const [high, low] = halvesOf(tagOf(subject));
      others.push((block, at) => block.isAbout(at, high, low));
      equalities.unshift({ columnOf: (block) => (block.further.length === 0 ? block.high : null), number: high });
    }
    const [first = null, ...rest] = equalities;
    for (const { columnOf, number } of rest) others.push((block, at) => (columnOf(block)?.[at] ?? number) === number);
    if (provider !== undefined) {
      const number = this.names.find(providerInLeaf(provider));
      if (number === null) return null;
      others.unshift(({ named }, at) => named.client[at] === number || named.signer[at] === number);
    }
    if (verdict !== undefined) {
      const kinds = kindsOfVerdict(verdict).map((one) => this.names.find(one));
      others.push(({ named }, at) => kinds.includes(named.kind[at] as number));
    }
    return { first, others };
  }
}

/** What is kept of a PASSporT's digest: four octets, so the leaf has the last word. */
export const markOf = (tok: string | null): number => (tok === null ? 0 : Buffer.from(tok, 'base64url').readUInt32LE(0));

export const tagOf = (id: SubjectId): string => id.slice(0, TAG);
