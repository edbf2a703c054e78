import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { SnapshotStorage } from '../../ports/index.js';
import { closing, makeDurableDirectory } from './durable-file.js';
import { nodeFileSystem, type FileSystem, type OpenFile } from './file-system.js';

/*
 * `<log size, 16 digits>.snapshot`: parts, each after its length (u32); a length of 0xffffffff; the SHA-256 of all before it.
 * Writes: temporary file, fdatasync; removal of all that hold a subject that was erased since, fsync of the folder; rename, fsync of the folder; then
 * the oldest beyond two are removed. A crash leaves older snapshots, or none, and perhaps a temporary file that the next save replaces. None that covers
 * an erasure is there beside one that does not: so a start that meets an `erase` leaf behind its snapshot, and that alone, has some to remove.
 * A snapshot only spares time: without one the log is replayed.
 */

const END = 0xffffffff;
const DIGEST = 32;
/** The newest, and the one before it in case the newest is damaged. */
const KEPT = 2;
const NAME = /^([0-9]{16})\.snapshot$/;

const nameOf = (size: number): string => `${String(size).padStart(16, '0')}.snapshot`;

export class FileSnapshotStorage implements SnapshotStorage {
  readonly #directory: string;
  readonly #fs: FileSystem;

  constructor(directory: string, fs: FileSystem = nodeFileSystem) {
    this.#directory = directory;
    this.#fs = fs;
  }

  /** @throws StorageFault; a failed save leaves the older snapshots as they are */
  async save(size: number, parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, erasure: number): Promise<void> {
    await makeDurableDirectory(this.#fs, this.#directory, dirname(this.#directory));
    const temporary = join(this.#directory, 'new');
    await this.#fs.remove(temporary);
    const file = await this.#fs.open(temporary, 'create');
    await closing(file, () => writeParts(file, parts));
    const stale = (await this.sizes()).filter((old) => old <= erasure);
    for (const old of stale) await this.#remove(old);
    if (stale.length > 0) await this.#fs.syncDirectory(this.#directory);
    await this.#fs.rename(temporary, join(this.#directory, nameOf(size)));
    await this.#fs.syncDirectory(this.#directory);
    for (const old of (await this.sizes()).slice(KEPT)) await this.#remove(old);
  }

  #remove(size: number): Promise<void> {
    return this.#fs.remove(join(this.#directory, nameOf(size)));
  }

  /** All of it is read before any of it is given out: what does not match its digest is not. */
  async load(maxSize: number): Promise<{ readonly size: number; readonly parts: Iterable<Uint8Array> } | null> {
    for (const size of await this.sizes()) {
      if (size > maxSize) continue;
      const file = await this.#fs.open(join(this.#directory, nameOf(size)), 'read');
      const parts = await closing(file, () => readParts(file));
      if (parts !== null) return { size, parts };
    }
    return null;
  }

  /** Log sizes of the snapshots that are there, newest first. */
  async sizes(): Promise<number[]> {
    const names = await this.#fs.list(this.#directory);
    return names
      .map((name) => NAME.exec(name)?.[1])
      .filter((digits) => digits !== undefined)
      .map(Number)
      .toReversed();
  }

  nameOf(size: number): string {
    return nameOf(size);
  }

  /** Whether a snapshot is what was written, to the last octet. */
  async isWhole(size: number): Promise<boolean> {
    const file = await this.#fs.open(join(this.#directory, nameOf(size)), 'read');
    return (await closing(file, () => readParts(file))) !== null;
  }
}

const writeParts = async (file: OpenFile, parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> => {
  const digest = createHash('sha256');
  let at = 0;
  const put = async (octets: Buffer): Promise<void> => {
    digest.update(octets);
    await file.write(octets, at);
    at += octets.length;
  };
  for await (const part of parts) await put(Buffer.concat([lengthOf(part.length), part]));
  await put(lengthOf(END));
  await file.write(digest.digest(), at);
  await file.datasync();
};

const lengthOf = (length: number): Buffer => {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(length);
  return head;
};

/** Null when the file is not what was written. */
const readParts = async (file: OpenFile): Promise<Uint8Array[] | null> => {
  const end = (await file.size()) - DIGEST;
  const digest = createHash('sha256');
  const head = Buffer.alloc(4);
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    if (at + 4 > end) return null;
    await file.read(head, at);
    digest.update(head);
    at += 4;
    const length = head.readUInt32BE(0);
    if (length === END) break;
    if (at + length > end) return null;
    const part = Buffer.allocUnsafeSlow(length);
    await file.read(part, at);
    digest.update(part);
    parts.push(part);
    at += length;
  }
  const written = Buffer.alloc(DIGEST);
  await file.read(written, end);
  return at === end && digest.digest().equals(written) ? parts : null;
};
