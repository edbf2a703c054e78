import { dirname, join } from 'node:path';
import type { SearchStorage } from '../../ports/index.js';
import { makeDurableDirectory, replaceFile } from './durable-file.js';
import { nodeFileSystem, type FileSystem } from './file-system.js';

/*
 * `index/`: a file for each full block of the search index, replaced as `durable-file` says. What a crash leaves after any write is an old block, a new one,
 * or none: the next start makes what is not there, or not whole, of the write-ahead log.
 */

export class FileSearchStorage implements SearchStorage {
  readonly #directory: string;
  readonly #fs: FileSystem;
  #made: Promise<void> | null = null;

  constructor(directory: string, fs: FileSystem = nodeFileSystem) {
    this.#directory = directory;
    this.#fs = fs;
  }

  read(block: number): Promise<Uint8Array | null> {
    return this.#fs.readWhole(this.#pathOf(block));
  }

  async write(block: number, octets: Uint8Array): Promise<void> {
    await (this.#made ??= makeDurableDirectory(this.#fs, this.#directory, dirname(this.#directory)));
    const path = this.#pathOf(block);
    await replaceFile(this.#fs, path, `${path}.tmp`, octets);
  }

  #pathOf(block: number): string {
    return join(this.#directory, `${String(block).padStart(9, '0')}.block`);
  }
}
