import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { closing, makeDurableDirectory } from './durable-file.js';
import { copyFile } from './feed-archive.js';
import type { FileSystem } from './file-system.js';
import { StorageFault } from './storage-fault.js';
import { openWal, type WalOptions } from './wal.js';

const PIECE = 1 << 20;

export interface FileMeasure {
  readonly octets: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

const isGone = (error: unknown): boolean => error instanceof StorageFault && error.code === 'ENOENT';

/** Length and digest of a file; null where there is none. */
export const measureFile = async (fs: FileSystem, path: string): Promise<FileMeasure | null> => {
  try {
    const file = await fs.open(path, 'read');
    return await closing(file, async () => {
      const digest = createHash('sha256');
      const piece = Buffer.alloc(PIECE);
      let octets = 0;
      for (;;) {
        const read = await file.read(piece, octets);
        digest.update(piece.subarray(0, read));
        octets += read;
        if (read < PIECE) return { octets, sha256: digest.digest('hex') };
      }
    });
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
};

/** A folder that is filled from another, file by file, and what it holds by then. */
export class FolderCopy {
  readonly #fs: FileSystem;
  readonly #from: string;
  readonly #to: string;
  /** Below the folder, in the order in which they came. */
  readonly paths = new Set<string>();

  constructor(fs: FileSystem, from: string, to: string) {
    this.#fs = fs;
    this.#from = from;
    this.#to = to;
  }

  /** Durable when it resolves. False: there is no such file, or no more. */
  async file(path: string): Promise<boolean> {
    const to = join(this.#to, path);
    await makeDurableDirectory(this.#fs, dirname(to), dirname(this.#to));
    try {
      await copyFile(this.#fs, join(this.#from, path), to);
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
    this.paths.add(path);
    return true;
  }

  /** Every file right in a folder but those that are being made. What vanishes meanwhile is left out. */
  async folder(path: string): Promise<void> {
    for (const name of await this.#names(path)) await this.file(`${path}/${name}`);
  }

  /**
   * The same, with files that belong together: copied again until the same names were there before and after.
   * @throws StorageFault when they never hold still
   */
  async settledFolder(path: string): Promise<void> {
    for (let attempt = 0; attempt < SETTLING; attempt += 1) {
      const before = await this.#names(path);
      for (const name of before) await this.file(`${path}/${name}`);
      const after = await this.#names(path);
      if (before.join('\n') === after.join('\n')) return;
      for (const name of before) {
        this.paths.delete(`${path}/${name}`);
        await this.#fs.remove(join(this.#to, path, name));
      }
    }
    throw new StorageFault('copy', join(this.#from, path), { code: 'EBUSY' });
  }

  /** Folders in a folder whose names are of this form. */
  async below(path: string, form: RegExp): Promise<string[]> {
    return (await this.#names(path)).filter((name) => form.test(name)).map((name) => `${path}/${name}`);
  }

  /**
   * Whole batches of segments in the format of the write-ahead log, as far as they are durable now; what was copied before is not copied again.
   * How many records they hold.
   */
  async segments(path: string, options: Pick<WalOptions, 'startsAt' | 'limit'> = {}): Promise<number> {
    const wal = await openWal(join(this.#from, path), { ...options, fs: this.#fs, readOnly: true });
    try {
      const folder = join(this.#to, path);
      await makeDurableDirectory(this.#fs, folder, dirname(this.#to));
      for (const { name, octets } of await wal.extent()) {
        await this.#extend(`${path}/${name}`, octets);
        this.paths.add(`${path}/${name}`);
      }
      await this.#fs.syncDirectory(folder);
      return wal.size;
    } finally {
      await wal.close();
    }
  }

  async #extend(path: string, octets: number): Promise<void> {
    const to = join(this.#to, path);
    const source = await this.#fs.open(join(this.#from, path), 'read');
    await closing(source, async () => {
      const copy = await this.#fs.open(to, this.paths.has(path) ? 'update' : 'create');
      await closing(copy, async () => {
        let at = await copy.size();
        if (at === octets) return;
        const piece = Buffer.alloc(PIECE);
        while (at < octets) {
          const read = await source.read(piece.subarray(0, Math.min(PIECE, octets - at)), at);
          if (read === 0) throw new StorageFault('read', source.path, { code: 'EIO' });
          await copy.write(piece.subarray(0, read), at);
          at += read;
        }
        await copy.datasync();
      });
    });
  }

  async #names(path: string): Promise<string[]> {
    return (await this.#fs.list(join(this.#from, path))).filter((name) => !name.endsWith('.tmp'));
  }
}

/** How often a folder may change under its copy. A feed is replaced once in a while. */
const SETTLING = 20;
