import { dirname, join } from 'node:path';
import type { FeedArchive } from '../../ports/index.js';
import { closing, makeDurableDirectory, replaceFile } from './durable-file.js';
import { nodeFileSystem, type FileSystem } from './file-system.js';

/*
 * A folder a feed: `record.json`, and its rows as `<SHA-256>.csv`. Order of writes, and what a crash after each leaves:
 *  1 rows under a temporary name  the old record and its rows; the next attempt writes over what is there
 *  2 their fdatasync              the same
 *  3 rename, fsync of the folder  the same, and rows that no record names: the next `save` removes them
 *  4 the record, as durable-file  the old record or the new one, and the rows of both
 *  5 removal of old rows          the new record and its rows, and old rows that the next `save` removes
 */

const RECORD = 'record.json';
const PIECE = 1 << 20;

/** The last good feed of each name, in files. */
export class FileFeedArchive implements FeedArchive {
  readonly #directory: string;
  readonly #fs: FileSystem;

  constructor(directory: string, fs: FileSystem = nodeFileSystem) {
    this.#directory = directory;
    this.#fs = fs;
  }

  read(name: string): Promise<Uint8Array | null> {
    return this.#fs.readWhole(join(this.#directory, name, RECORD));
  }

  pathOf(name: string, sha256: string): string {
    return join(this.#directory, name, `${sha256}.csv`);
  }

  async stage(name: string, sha256: string, from: string): Promise<void> {
    const path = this.pathOf(name, sha256);
    await makeDurableDirectory(this.#fs, dirname(path), dirname(this.#directory));
    await copyFile(this.#fs, from, path);
  }

  async save(name: string, record: Uint8Array, rows: readonly string[]): Promise<void> {
    const folder = join(this.#directory, name);
    await replaceFile(this.#fs, join(folder, RECORD), join(folder, `${RECORD}.tmp`), record);
    const named = [RECORD, ...rows.map((sha256) => `${sha256}.csv`)];
    for (const file of await this.#fs.list(folder)) if (!named.includes(file)) await this.#fs.remove(join(folder, file));
  }
}

/** Copies a file in pieces; durable when it resolves, and never half under its name. */
export const copyFile = async (fs: FileSystem, from: string, to: string, permissions = 0o600): Promise<void> => {
  const temporary = `${to}.tmp`;
  await fs.remove(temporary);
  const source = await fs.open(from, 'read');
  await closing(source, async () => {
    const copy = await fs.open(temporary, 'create', permissions);
    await closing(copy, async () => {
      const piece = Buffer.alloc(PIECE);
      for (let at = 0; ;) {
        const read = await source.read(piece, at);
        if (read === 0) break;
        await copy.write(piece.subarray(0, read), at);
        at += read;
      }
      await copy.datasync();
    });
  });
  await fs.rename(temporary, to);
  await fs.syncDirectory(dirname(to));
};
