import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { DocumentStorage, StoredDocument } from '../../ports/index.js';
import { refuse } from '../../reasons/index.js';
import { closing, makeDurableDirectory } from './durable-file.js';
import { nodeFileSystem, type FileSystem } from './file-system.js';

/*
 * `evidence/documents/`: a file for each document, its name the SHA-256 of its octets. Writes, and what a crash after each leaves:
 *  1 a temporary file, fdatasync    one that nothing reads: the next of the same name replaces it
 *  2 rename, for each document      some of them, whole
 *  3 fsync of the folder            all of them, for good
 */

const NAME = /^[0-9a-f]{64}$/;

export class FileDocuments implements DocumentStorage {
  readonly #directory: string;
  readonly #fs: FileSystem;
  readonly #names: Set<string>;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(directory: string, fs: FileSystem, names: Set<string>) {
    this.#directory = directory;
    this.#fs = fs;
    this.#names = names;
  }

  static async open(directory: string, fs: FileSystem = nodeFileSystem): Promise<FileDocuments> {
    return new FileDocuments(directory, fs, new Set((await fs.list(directory)).filter((name) => NAME.test(name))));
  }

  /** Digests of what is there, in order. */
  get names(): readonly string[] {
    return [...this.#names].sort();
  }

  has(digest: string): boolean {
    return this.#names.has(digest);
  }

  put(documents: Iterable<StoredDocument>): Promise<void> {
    const turn = this.#turn.then(() => this.#put(documents));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #put(documents: Iterable<StoredDocument>): Promise<void> {
    const added: string[] = [];
    for (const document of documents) {
      if (this.#names.has(document.digest) || added.includes(document.digest)) continue;
      if (added.length === 0) await makeDurableDirectory(this.#fs, this.#directory, dirname(dirname(this.#directory)));
      const path = join(this.#directory, document.digest);
      await this.#write(`${path}.tmp`, document);
      await this.#fs.rename(`${path}.tmp`, path);
      added.push(document.digest);
    }
    if (added.length === 0) return;
    await this.#fs.syncDirectory(this.#directory);
    for (const digest of added) this.#names.add(digest);
  }

  async #write(path: string, document: StoredDocument): Promise<void> {
    await this.#fs.remove(path);
    const file = await this.#fs.open(path, 'create');
    await closing(file, async () => {
      let length = 0;
      for (const piece of document.pieces()) {
        await file.write(piece, length);
        length += piece.length;
      }
      await file.datasync();
    });
  }

  async get(digest: string): Promise<Uint8Array | null> {
    if (!NAME.test(digest)) return null;
    const octets = await this.#fs.readWhole(join(this.#directory, digest));
    if (octets !== null && createHash('sha256').update(octets).digest('hex') !== digest)
      return refuse('log-corrupt', `evidence/documents/${digest} is not what was kept`);
    return octets;
  }
}
