import { basename, dirname } from 'node:path';
import { refuse } from '../../reasons/index.js';
import type { OpenFile } from './file-system.js';
import { BATCH_HEAD, BATCH_TAIL, SEGMENT_HEAD, holdsPayload, isSegmentHead, parseBatchHead, type BatchHead } from './wal-format.js';

export interface Batch {
  readonly offset: number;
  readonly head: BatchHead;
  readonly payload: Buffer;
  /** Offset behind the batch. */
  readonly end: number;
}

/** A batch that is not what was written, at this offset of this file. */
export class BrokenBatch extends Error {
  readonly offset: number;
  constructor(offset: number) {
    super(`a batch is broken at ${offset}`);
    this.offset = offset;
  }
}

/** Names the file below the data directory, and the place: what an operator needs to restore it. */
export const corruptSegment = (path: string, offset: number): never =>
  refuse('log-corrupt', `${basename(dirname(path))}/${basename(path)} is broken at offset ${offset}`);

/** Octets read at once: for a replay, which also reads ahead, and for a look-up. */
const REPLAY_CHUNK = 2 * 1024 * 1024;
const LOOKUP_CHUNK = 64 * 1024;

/** Octets of a file from front to back; the next chunk is read while the last one is looked at, so that a replay does not wait for the disk. */
class ForwardReader {
  readonly #file: OpenFile;
  readonly #to: number;
  readonly #chunk: number;
  #buffer: Buffer = Buffer.alloc(0);
  #base: number;
  #ahead: Promise<Buffer> | null = null;

  constructor(file: OpenFile, from: number, to: number, chunk: number) {
    this.#file = file;
    this.#base = from;
    this.#to = to;
    this.#chunk = chunk;
  }

  /** Octets from `at` on, `length` of them or as many as there are. `at` never goes back. */
  async take(at: number, length: number): Promise<Buffer> {
    while (at + length > this.#base + this.#buffer.length) {
      const end = this.#base + this.#buffer.length;
      const chunk = await (this.#ahead ?? this.#next(end, Math.max(this.#chunk, at + length - end)));
      if (chunk.length === 0) break;
      this.#buffer = Buffer.concat([this.#buffer.subarray(at - this.#base), chunk]);
      this.#base = at;
      if (this.#chunk < REPLAY_CHUNK) continue;
      this.#ahead = this.#next(at + this.#buffer.length, this.#chunk);
      // Whoever stops reading early leaves this promise behind.
      this.#ahead.catch(() => undefined);
    }
    return this.#buffer.subarray(at - this.#base, at - this.#base + length);
  }

  async #next(at: number, length: number): Promise<Buffer> {
    const chunk = Buffer.allocUnsafe(Math.max(0, Math.min(this.#to - at, length)));
    return chunk.length === 0 ? chunk : chunk.subarray(0, await this.#file.read(chunk, at));
  }
}

export interface BatchRange {
  /** Offsets. */
  readonly from: number;
  readonly to: number;
  /** Index of the record that the first batch begins with. */
  readonly first: number;
  /** One batch near the beginning is wanted, not all. */
  readonly lookup?: boolean;
}

/** The batches between two offsets, in order. @throws BrokenBatch */
export async function* readBatches(file: OpenFile, { from, to, first, lookup = false }: BatchRange): AsyncGenerator<Batch> {
  const reader = new ForwardReader(file, from, to, lookup ? LOOKUP_CHUNK : REPLAY_CHUNK);
  let next = first;
  for (let at = from; at < to;) {
    const head = parseBatchHead(await reader.take(at, BATCH_HEAD), 0);
    if (head === null || head.first !== next) throw new BrokenBatch(at);
    const body = await reader.take(at + BATCH_HEAD, head.length + BATCH_TAIL);
    if (!holdsPayload(head, body)) throw new BrokenBatch(at);
    const end = at + BATCH_HEAD + head.length + BATCH_TAIL;
    yield { offset: at, head, payload: body.subarray(0, head.length), end };
    at = end;
    next += head.count;
  }
}

/** Whether the file begins as the segment of this index. */
export const hasSegmentHead = async (file: OpenFile, first: number): Promise<boolean> => {
  const head = Buffer.alloc(SEGMENT_HEAD);
  return (await file.read(head, 0)) === SEGMENT_HEAD && isSegmentHead(head, first);
};

/** Octets between two entries of the sparse index: a look-up reads at most this far, and a segment of 64 MiB has 4,096 entries. */
const GAP = 16 * 1024;

/** Where batches begin in a segment; only some of them, in order. */
export class SparseIndex {
  readonly #firsts: number[] = [];
  readonly #offsets: number[] = [];

  add(first: number, offset: number): void {
    const last = this.#offsets.at(-1);
    if (last !== undefined && offset - last < GAP) return;
    this.#firsts.push(first);
    this.#offsets.push(offset);
  }

  /** The nearest known batch at or before an index. */
  before(index: number): { readonly first: number; readonly offset: number } | null {
    let [low, high] = [0, this.#firsts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#firsts[middle] as number) <= index) low = middle + 1;
      else high = middle;
    }
    const [first, offset] = [this.#firsts[low - 1], this.#offsets[low - 1]];
    return first === undefined || offset === undefined ? null : { first, offset };
  }
}

/** Finds batches by their heads alone: a look-up verifies the one batch that it wants. @throws BrokenBatch */
export const indexHeads = async (file: OpenFile, first: number, to: number): Promise<SparseIndex> => {
  const index = new SparseIndex();
  const octets = Buffer.alloc(BATCH_HEAD);
  let next = first;
  for (let at = SEGMENT_HEAD; at < to;) {
    const head = (await file.read(octets, at)) === BATCH_HEAD ? parseBatchHead(octets, 0) : null;
    if (head === null || head.first !== next) throw new BrokenBatch(at);
    index.add(next, at);
    next += head.count;
    at += BATCH_HEAD + head.length + BATCH_TAIL;
  }
  return index;
};
