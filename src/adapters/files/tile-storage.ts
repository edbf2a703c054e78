import { dirname, join } from 'node:path';
import { parseTilePath } from '../../log/index.js';
import type { LogStorage } from '../../ports/index.js';
import { refuse } from '../../reasons/index.js';
import { makeDurableDirectory, replaceFile } from './durable-file.js';
import { nodeFileSystem, type FileSystem } from './file-system.js';

/** Where files are made before they get their name; the folder is emptied at a start. */
const TEMPORARY = 'tmp';

const isPublished = (path: string): boolean => path === 'checkpoint' || parseTilePath(path) !== null;

/**
 * The published log in a folder, to be served as it is. A path is the log's own or refused, so none leads out of the folder.
 * Each write: see `durable-file`; a crash leaves a file whole, old or new, and perhaps one in `tmp` that nothing reads.
 */
export class FileLogStorage implements LogStorage {
  readonly #fs: FileSystem;
  readonly #root: string;
  readonly #known = new Set<string>();
  #count = 0;

  private constructor(fs: FileSystem, root: string) {
    this.#fs = fs;
    this.#root = root;
  }

  /** @throws StorageFault */
  static async open(root: string, fs: FileSystem = nodeFileSystem): Promise<FileLogStorage> {
    const temporary = join(root, TEMPORARY);
    await makeDurableDirectory(fs, temporary, dirname(root));
    for (const name of await fs.list(temporary)) await fs.remove(join(temporary, name));
    return new FileLogStorage(fs, root);
  }

  /** For reading alone: changes nothing. */
  static reader(root: string, fs: FileSystem = nodeFileSystem): Pick<LogStorage, 'read'> {
    return new FileLogStorage(fs, root);
  }

  /** @throws Refusal `not-found` for a path that is not the log's; StorageFault */
  async write(path: string, octets: Uint8Array): Promise<void> {
    const target = this.#target(path);
    const directory = dirname(target);
    if (!this.#known.has(directory)) {
      await makeDurableDirectory(this.#fs, directory, this.#root);
      this.#known.add(directory);
    }
    this.#count += 1;
    await replaceFile(this.#fs, target, join(this.#root, TEMPORARY, String(this.#count)), octets);
  }

  async read(path: string): Promise<Uint8Array | null> {
    return isPublished(path) ? await this.#fs.readWhole(this.#target(path)) : null;
  }

  async remove(path: string): Promise<void> {
    await this.#fs.remove(this.#target(path));
  }

  #target(path: string): string {
    return isPublished(path) ? join(this.#root, path) : refuse('not-found', 'path');
  }
}

/** Every published file in the folder, by its path; temporary ones left out. */
export async function* listPublished(root: string, fs: FileSystem = nodeFileSystem, below = ''): AsyncGenerator<string> {
  for (const name of await fs.list(join(root, below))) {
    const path = below === '' ? name : `${below}/${name}`;
    if (path === TEMPORARY) continue;
    if (isPublished(path)) yield path;
    // "x001", "000.p" and the two names above them are folders; anything else is a file that does not belong here.
    else if (/^(?:tile|tile\/[^/.]+(?:\/x[0-9]{3})*(?:\/[0-9]{3}\.p)?)$/.test(path)) yield* listPublished(root, fs, path);
    else yield path;
  }
}
