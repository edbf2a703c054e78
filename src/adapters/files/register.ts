import { dirname } from 'node:path';
import type { Register } from '../../ports/index.js';
import { makeDurableDirectory, replaceFile } from './durable-file.js';
import { nodeFileSystem, type FileSystem } from './file-system.js';

/** A small file that is replaced whole (`durable-file` says what a crash leaves). Writes take turns. */
export class FileRegister implements Register {
  readonly #path: string;
  readonly #fs: FileSystem;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(path: string, fs: FileSystem = nodeFileSystem) {
    this.#path = path;
    this.#fs = fs;
  }

  read(): Promise<Uint8Array | null> {
    return this.#fs.readWhole(this.#path);
  }

  write(octets: Uint8Array): Promise<void> {
    const turn = this.#turn.then(() => this.#write(octets));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #write(octets: Uint8Array): Promise<void> {
    await makeDurableDirectory(this.#fs, dirname(this.#path), dirname(dirname(this.#path)));
    await replaceFile(this.#fs, this.#path, `${this.#path}.tmp`, octets);
  }
}
