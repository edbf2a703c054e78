import { setImmediate as nextTurn } from 'node:timers/promises';
import { leafHash } from '../log/index.js';
import type { SearchStorage, SubjectId, WriteAheadLog } from '../ports/index.js';
import { Unavailable } from '../reasons/index.js';
import type { Draft } from './draft.js';
import { BLOCK, SearchBlock, halvesOf, type SearchRow } from './search-block.js';
import { SearchIndex, tagOf } from './search-index.js';
import { aboutOf, rowOf, type AboutSources } from './search-row.js';

/*
 * Keeps the search index beside the log. Full blocks go to files; what a crash leaves of them is at the top of the storage that writes. The log is the truth:
 * a block that is missing, damaged or another log's is made again of the records, and so is what no block covers yet.
 */

export interface SearchFillingParts extends AboutSources {
  readonly wal: Pick<WriteAheadLog, 'size' | 'read' | 'get'>;
  readonly storage: SearchStorage;
  /** Told of every entry, in order, once the index has it. */
  readonly follow: (index: number, row: SearchRow) => void;
}

/** Records that are read in one go at a start: some 5 ms. */
const SLICE = 128;

export class SearchFilling {
  readonly index = new SearchIndex();
  readonly #parts: SearchFillingParts;
  #filled: Promise<void> | null = null;
  #isWhole = false;
  #stopped = false;
  #fault: Error | null = null;
  #writes: Promise<void> = Promise.resolve();
  /** Of what is read again: when each tag was erased. */
  readonly #erased = new Map<string, number>();

  constructor(parts: SearchFillingParts) {
    this.#parts = parts;
  }

  /** Why entries cannot be searched until a restart, or null. */
  get fault(): Error | null {
    return this.#fault;
  }

  /** Begins to read what was written before this start. */
  begin(): void {
    this.#filled ??= this.#fill().catch((error: unknown) => void (this.#fault = error as Error));
  }

  /** Resolves when every entry of before is there, or cannot be. */
  async filled(): Promise<void> {
    await this.#filled;
  }

  /** The whole index. @throws Unavailable `search-unavailable` while it is being made, and where it cannot be */
  whole(): SearchIndex {
    if (!this.#isWhole) throw new Unavailable('search-unavailable', undefined, null, this.#fault === null ? 5 : 60);
    return this.index;
  }

  /** What was committed just now. While older entries are missing it is left for whoever reads them. */
  committed({ base, records, hashes, abouts }: Pick<Draft, 'base' | 'records' | 'hashes' | 'abouts'>): void {
    if (!this.#isWhole) return;
    for (let i = Math.max(0, this.index.size - base); i < records.length; i += 1) {
      const [record, hash, about] = [records[i], hashes[i], abouts[i]];
      if (record !== undefined && hash !== undefined && about !== undefined) this.#append(rowOf(record.leaf, about), hash);
    }
  }

  /**
   * No entry is about this subject any more, in memory and on disk, once it resolves. To be called before the subject's key is destroyed: what happens between
   * the two is done again by whoever does the erasure again.
   * @throws Unavailable `search-unavailable`
   */
  async forget(id: SubjectId): Promise<void> {
    const [forgottenHigh, forgottenLow] = halvesOf(tagOf(id));
    await this.#forget((_time, _kind, high, low) => high === forgottenHigh && low === forgottenLow);
  }

  /** Refusals before `time`, whose evidence is gone, are about nobody. What is not made yet is made without them: their key is gone. */
  async forgetRefusals(time: number): Promise<void> {
    await this.#filled;
    if (this.#isWhole) await this.#forget((at, kind) => kind === 'reject' && at < time);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#filled;
    await this.#writes;
  }

  async #forget(isForgotten: Parameters<SearchIndex['forget']>[0]): Promise<void> {
    await this.#filled;
    for (const block of await this.whole().forget(isForgotten)) await this.#write(block);
  }

  async #fill(): Promise<void> {
    const { wal } = this.#parts;
    const blocks = Math.floor(wal.size / BLOCK);
    for (let number = 0; number < blocks && !this.#stopped; number += 1) {
      await nextTurn();
      const block = await this.#stored(number);
      if (block === null) await this.#read((number + 1) * BLOCK);
      else {
        this.index.adopt(block);
        for (let at = number * BLOCK; at < this.index.size; at += 1) this.#parts.follow(at, this.index.row(at));
      }
    }
    while (this.index.size < wal.size && !this.#stopped) await this.#read(wal.size);
    await this.#forgetErased();
    this.#isWhole = !this.#stopped;
  }

  /** A block of this log: its last leaf is the log's, and no two logs have a leaf in common. */
  async #stored(number: number): Promise<SearchBlock | null> {
    const { storage, wal } = this.#parts;
    const octets = await storage.read(number);
    const block = octets === null ? null : SearchBlock.decode(octets, this.index.names);
    if (block === null) return null;
    const { leaf } = await wal.get((number + 1) * BLOCK - 1);
    return Buffer.compare(leafHash(leaf), block.last) === 0 ? block : null;
  }

  /** Keys of days and of sweeps outlive an erasure: what was read again of them is forgotten again. */
  async #forgetErased(): Promise<void> {
    const erased = this.#erased;
    if (erased.size === 0) return;
    const changed = await this.index.forget((time, _kind, high, low) => time <= (erased.get(`${high},${low}`) ?? -1));
    for (const block of changed) this.#write(block).catch(() => undefined);
    erased.clear();
  }

  async #read(end: number): Promise<void> {
    for await (const { index, record } of this.#parts.wal.read(this.index.size)) {
      const about = aboutOf(this.#parts, index, record);
      const row = rowOf(record.leaf, about);
      this.#append(row, leafHash(record.leaf));
      if (about.erased !== undefined) this.#erased.set(halvesOf(tagOf(about.erased)).join(), row.time);
      if (index + 1 >= end || this.#stopped) return;
      if (index % SLICE === SLICE - 1) await nextTurn();
    }
  }

  #append(row: SearchRow, hash: Uint8Array): void {
    const full = this.index.append(row, hash);
    this.#parts.follow(this.index.size - 1, row);
    if (full !== null) this.#write(full).catch(() => undefined);
  }

  /** A block that cannot be written is made again at the next start. */
  #write(block: number): Promise<void> {
    const turn = this.#writes.then(() => this.#parts.storage.write(block, this.index.encode(block)));
    this.#writes = turn.catch(() => undefined);
    return turn;
  }
}
