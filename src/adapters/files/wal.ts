import { basename, join } from 'node:path';
import { Unavailable, refuse } from '../../reasons/index.js';
import type { WalRecord, WriteAheadLog } from '../../ports/index.js';
import { closing, makeDurableDirectory } from './durable-file.js';
import { nodeFileSystem, type FileSystem, type OpenFile } from './file-system.js';
import { isTornAppend } from './wal-damage.js';
import { SEGMENT_HEAD, encodeBatch, encodeSegmentHead, parseRecords, parseSegmentName, segmentName } from './wal-format.js';
import { BrokenBatch, SparseIndex, corruptSegment, hasSegmentHead, indexHeads, readBatches, type Batch } from './wal-segment.js';

/*
 * The commit point. Writes, and what a crash after each leaves:
 *  new segment  1 create, head, fdatasync   a segment without batches, perhaps without a whole head: the next open takes it or removes it
 *               2 fsync of the folder       the same
 *  append       3 write at the end          nothing, a part or all of the batch: the next open drops a part (nobody was answered) and
 *                                           keeps a whole batch (a retry finds it)
 *               4 fdatasync                 the batch, for good
 * An error of 1 to 4 stops the log until a restart: after a failed fsync the kernel may have dropped the pages, so trying again would
 * report a durability that is not there.
 */

export interface WalOptions {
  readonly fs?: FileSystem;
  /** A segment that has this many octets gets no further batch. Default 64 MiB: small enough to copy and to scan at a start. */
  readonly segmentOctets?: number;
  /** Reads what is durable beside a gateway that is writing; changes nothing. */
  readonly readOnly?: boolean;
  /** Index of the first record there ever was. Default 0. */
  readonly startsAt?: number;
  /** Records from this index on are dropped, batch by batch: nothing that counts names them. */
  readonly limit?: number;
}

const SEGMENT_OCTETS = 64 * 1024 * 1024;
/** Segments whose sparse index is kept: 64 KiB each. */
const KEPT_INDEXES = 16;

interface Tail {
  readonly file: OpenFile;
  readonly first: number;
  readonly index: SparseIndex;
  /** Offset behind the last durable batch. */
  end: number;
}

/**
 * Opens the write-ahead log in a folder, making it where it does not exist. An append that a crash cut short is dropped.
 * @throws Refusal `log-corrupt` naming file and offset; StorageFault
 */
export const openWal = async (directory: string, options: WalOptions = {}): Promise<FileWal> => {
  const fs = options.fs ?? nodeFileSystem;
  const { readOnly = false, startsAt = 0, limit = Infinity } = options;
  if (!readOnly) await makeDurableDirectory(fs, directory, join(directory, '..'));
  const firsts = (await fs.list(directory)).map(parseSegmentName).filter((first) => first !== null);
  if (firsts.length > 0 && firsts[0] !== startsAt)
    return refuse('log-corrupt', `${basename(directory)}/${segmentName(startsAt)} is missing`);
  const tail = await openTail(fs, directory, firsts, { readOnly, limit });
  const wal = new FileWal(fs, directory, firsts, options.segmentOctets ?? SEGMENT_OCTETS, readOnly);
  wal.adopt(tail, startsAt);
  return wal;
};

type TailOptions = Required<Pick<WalOptions, 'readOnly' | 'limit'>>;

const openTail = async (
  fs: FileSystem,
  directory: string,
  firsts: number[],
  options: TailOptions,
): Promise<{ tail: Tail; size: number } | null> => {
  await dropBeyond(fs, directory, firsts, options);
  const { readOnly } = options;
  const first = firsts.at(-1);
  if (first === undefined) return null;
  const path = join(directory, segmentName(first));
  const file = await fs.open(path, readOnly ? 'read' : 'update');
  try {
    if (await hasSegmentHead(file, first)) return await scanTail(file, first, options);
  } catch (error) {
    await file.close();
    throw error;
  }
  // A crash while the segment was made: no batch can be in it.
  const octets = Buffer.alloc(Math.min(await file.size(), SEGMENT_HEAD + 1));
  await file.read(octets, 0);
  await file.close();
  const torn = octets.length < SEGMENT_HEAD || (octets.length === SEGMENT_HEAD && octets.every((octet) => octet === 0));
  if (!torn) return corruptSegment(path, 0);
  if (!readOnly) {
    await fs.remove(path);
    await fs.syncDirectory(directory);
  }
  firsts.pop();
  return await openTail(fs, directory, firsts, options);
};

/** Segments that begin beyond the limit, the newest first; the last that is left may hold records beyond it still. */
const dropBeyond = async (fs: FileSystem, directory: string, firsts: number[], { readOnly, limit }: TailOptions): Promise<void> => {
  const kept = firsts.length;
  while (firsts.length > 1 && (firsts.at(-1) ?? 0) > limit) {
    const beyond = firsts.pop() ?? 0;
    if (!readOnly) await fs.remove(join(directory, segmentName(beyond)));
  }
  // Before the one that is left may grow past where they began.
  if (!readOnly && firsts.length < kept) await fs.syncDirectory(directory);
};

const scanTail = async (file: OpenFile, first: number, { readOnly, limit }: TailOptions): Promise<{ tail: Tail; size: number }> => {
  const tail: Tail = { file, first, index: new SparseIndex(), end: SEGMENT_HEAD };
  const length = await file.size();
  let size = first;
  try {
    for await (const { offset, head, end } of readBatches(file, { from: SEGMENT_HEAD, to: length, first })) {
      if (head.first >= limit) break;
      tail.index.add(head.first, offset);
      tail.end = end;
      size += head.count;
    }
  } catch (error) {
    if (!(error instanceof BrokenBatch)) throw error;
    const rest = Buffer.alloc(length - error.offset);
    await file.read(rest, error.offset);
    if (!isTornAppend(rest, error.offset)) return corruptSegment(file.path, error.offset);
  }
  if (!readOnly && tail.end < length) {
    await file.truncate(tail.end);
    await file.datasync();
  }
  return { tail, size };
};

export class FileWal implements WriteAheadLog {
  readonly #fs: FileSystem;
  readonly #directory: string;
  readonly #firsts: number[];
  readonly #segmentOctets: number;
  readonly #readOnly: boolean;
  readonly #indexes = new Map<number, SparseIndex>();
  #tail: Tail | null = null;
  #size = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #failure: Error | null = null;
  #lastBatch: { readonly segment: number; readonly batch: Batch } | null = null;

  constructor(fs: FileSystem, directory: string, firsts: number[], segmentOctets: number, readOnly: boolean) {
    this.#fs = fs;
    this.#directory = directory;
    this.#firsts = firsts;
    this.#segmentOctets = segmentOctets;
    this.#readOnly = readOnly;
  }

  adopt(opened: { tail: Tail; size: number } | null, startsAt: number): void {
    this.#tail = opened?.tail ?? null;
    this.#size = opened?.size ?? startsAt;
  }

  get size(): number {
    return this.#size;
  }

  /** The segments, and how many octets of each are whole batches: what a copy may hold, whatever is appended meanwhile. */
  async extent(): Promise<{ readonly name: string; readonly octets: number }[]> {
    const tail = this.#tail;
    const segments = this.#firsts.map(async (first, at) => ({
      name: segmentName(first),
      octets: tail?.first === first ? tail.end : await this.#lengthOf(at),
    }));
    return await Promise.all(segments);
  }

  append(expectedSize: number, records: readonly WalRecord[]): Promise<void> {
    const turn = this.#turn.then(() => this.#append(expectedSize, records));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #append(expectedSize: number, records: readonly WalRecord[]): Promise<void> {
    if (this.#failure !== null || this.#readOnly) return refuse('log-unavailable', 'stopped');
    if (expectedSize !== this.#size) return refuse('log-unavailable', 'the size has moved');
    if (records.length === 0) return;
    const batch = encodeBatch(this.#size, records);
    try {
      const tail = await this.#writableTail();
      // Another process that writes here has slipped past the lock: its batch must not be overwritten.
      if ((await tail.file.size()) !== tail.end) return refuse('log-unavailable', 'another writer');
      await tail.file.write(batch, tail.end);
      await tail.file.datasync();
      tail.index.add(this.#size, tail.end);
      tail.end += batch.length;
      this.#size += records.length;
    } catch (error) {
      this.#failure = error as Error;
      throw error;
    }
  }

  async #writableTail(): Promise<Tail> {
    const tail = this.#tail;
    if (tail !== null && tail.end < this.#segmentOctets) return tail;
    const first = this.#size;
    const file = await this.#newSegment(first);
    if (tail !== null) this.#indexes.set(tail.first, tail.index);
    await tail?.file.close();
    this.#firsts.push(first);
    this.#tail = { file, first, index: new SparseIndex(), end: SEGMENT_HEAD };
    return this.#tail;
  }

  async #newSegment(first: number): Promise<OpenFile> {
    const file = await this.#fs.open(this.#pathOf(first), 'create');
    try {
      await file.write(encodeSegmentHead(first), 0);
      await file.datasync();
      await this.#fs.syncDirectory(this.#directory);
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async *read(from: number): AsyncGenerator<{ readonly index: number; readonly record: WalRecord }> {
    const size = this.#size;
    let segment = this.#segmentOf(from);
    for (let index = from; index < size; segment += 1) {
      const first = this.#firsts[segment] as number;
      const limit = Math.min(size, this.#firsts[segment + 1] ?? size);
      for await (const batch of this.#batches(first, index, false)) {
        let at = batch.head.first;
        if (at >= limit) break;
        for (const record of parseRecords(batch.payload)) {
          if (at >= index) yield { index: at, record };
          at += 1;
        }
        index = Math.max(index, at);
      }
      // A segment that ends before the next one begins has lost batches.
      if (index !== limit) corruptSegment(this.#pathOf(first), await this.#lengthOf(segment));
    }
  }

  async get(index: number): Promise<WalRecord> {
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.#size) return refuse('not-found', 'index');
    const segment = this.#segmentOf(index);
    const batch = await this.#batchOf(segment, index);
    let at = batch.head.first;
    for (const record of parseRecords(batch.payload)) {
      if (at === index) return record;
      at += 1;
    }
    return corruptSegment(this.#pathOf(this.#firsts[segment] as number), batch.offset);
  }

  async #batchOf(segment: number, index: number): Promise<Batch> {
    const kept = this.#lastBatch;
    if (kept?.segment === segment && kept.batch.head.first <= index && index < kept.batch.head.first + kept.batch.head.count)
      return kept.batch;
    for await (const batch of this.#batches(this.#firsts[segment] as number, index, true)) {
      if (index >= batch.head.first + batch.head.count) continue;
      this.#lastBatch = { segment, batch };
      return batch;
    }
    return corruptSegment(this.#pathOf(this.#firsts[segment] as number), await this.#lengthOf(segment));
  }

  /** Batches of a segment from the one that holds `index`, or a little before it. */
  async *#batches(first: number, index: number, lookup: boolean): AsyncGenerator<Batch> {
    // A handle of its own: the tail's may be closed by a rotation while somebody reads.
    const file = await this.#fs.open(this.#pathOf(first), 'read');
    try {
      if (!(await hasSegmentHead(file, first))) return corruptSegment(this.#pathOf(first), 0);
      const tail = this.#tail?.first === first ? this.#tail : null;
      const end = tail?.end ?? (await file.size());
      const start = index === first ? null : (tail?.index ?? (await this.#indexOf(file, first, end))).before(index);
      yield* readBatches(file, { from: start?.offset ?? SEGMENT_HEAD, to: end, first: start?.first ?? first, lookup });
    } catch (error) {
      if (error instanceof BrokenBatch) corruptSegment(this.#pathOf(first), error.offset);
      throw error;
    } finally {
      await file.close();
    }
  }

  async #indexOf(file: OpenFile, first: number, end: number): Promise<SparseIndex> {
    const index = this.#indexes.get(first) ?? (await indexHeads(file, first, end));
    this.#indexes.delete(first);
    this.#indexes.set(first, index);
    for (const oldest of this.#indexes.keys()) {
      if (this.#indexes.size <= KEPT_INDEXES) break;
      this.#indexes.delete(oldest);
    }
    return index;
  }

  #segmentOf(index: number): number {
    let [low, high] = [0, this.#firsts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#firsts[middle] as number) <= index) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  #pathOf(first: number): string {
    return join(this.#directory, segmentName(first));
  }

  async #lengthOf(segment: number): Promise<number> {
    const file = await this.#fs.open(this.#pathOf(this.#firsts[segment] as number), 'read');
    return await closing(file, () => file.size());
  }

  async close(): Promise<void> {
    await this.#turn;
    this.#failure ??= new Unavailable('draining');
    const tail = this.#tail;
    this.#tail = null;
    await tail?.file.close();
  }
}
