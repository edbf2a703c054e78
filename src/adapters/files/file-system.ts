import { readSync } from 'node:fs';
import { link, mkdir, open, readFile, readdir, rename, unlink, type FileHandle } from 'node:fs/promises';
import { StorageFault, codeOf } from './storage-fault.js';

/** An open file. Every call either does all it says or throws a StorageFault. */
export interface OpenFile {
  readonly path: string;
  size(): Promise<number>;
  /** How many octets were read: fewer than the buffer holds only at the end of the file. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  readNow(buffer: Uint8Array, position: number): number;
  write(octets: Uint8Array, position: number): Promise<void>;
  /** fdatasync: contents and length are on the disk. */
  datasync(): Promise<void>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * The few things that the adapters ask of a file system, so that tests can let each of them fail, or the process die, at each call.
 * `create` fails where the file exists; missing files are null or nothing where that is an answer.
 */
export interface FileSystem {
  open(path: string, how: 'read' | 'update' | 'create', permissions?: number): Promise<OpenFile>;
  readWhole(path: string): Promise<Buffer | null>;
  /** Names in a folder, sorted; none when it does not exist. */
  list(directory: string): Promise<string[]>;
  makeDirectory(directory: string, permissions?: number): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** A second name for the same file. Fails where `to` exists: unlike `rename` it can never replace. */
  link(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** fsync of the folder: names that were made, replaced or removed in it are on the disk. */
  syncDirectory(directory: string): Promise<void>;
}

const guarded = async <T>(operation: string, path: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw error instanceof StorageFault ? error : new StorageFault(operation, path, error);
  }
};

const FLAGS = { read: 'r', update: 'r+', create: 'wx+' } as const;

class NodeFile implements OpenFile {
  readonly path: string;
  readonly #handle: FileHandle;

  constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  size(): Promise<number> {
    return guarded('read', this.path, async () => (await this.#handle.stat()).size);
  }

  read(buffer: Uint8Array, position: number): Promise<number> {
    return guarded('read', this.path, async () => {
      let done = 0;
      while (done < buffer.length) {
        const { bytesRead } = await this.#handle.read(buffer, done, buffer.length - done, position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    });
  }

  readNow(buffer: Uint8Array, position: number): number {
    try {
      let done = 0;
      while (done < buffer.length) {
        const read = readSync(this.#handle.fd, buffer, done, buffer.length - done, position + done);
        if (read === 0) break;
        done += read;
      }
      return done;
    } catch (error) {
      throw new StorageFault('read', this.path, error);
    }
  }

  write(octets: Uint8Array, position: number): Promise<void> {
    return guarded('write', this.path, async () => {
      // One write may store less than it was given.
      for (let done = 0; done < octets.length;) {
        const { bytesWritten } = await this.#handle.write(octets, done, octets.length - done, position + done);
        done += bytesWritten;
      }
    });
  }

  datasync(): Promise<void> {
    return guarded('sync', this.path, () => this.#handle.datasync());
  }

  truncate(length: number): Promise<void> {
    return guarded('truncate', this.path, () => this.#handle.truncate(length));
  }

  close(): Promise<void> {
    return guarded('close', this.path, () => this.#handle.close());
  }
}

const absent = async <T>(work: () => Promise<T>, otherwise: T): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return otherwise;
    throw error;
  }
};

export const nodeFileSystem: FileSystem = {
  open: (path, how, permissions = 0o600) =>
    guarded('open', path, async () => new NodeFile(path, await open(path, FLAGS[how], permissions))),
  readWhole: (path) => guarded('read', path, () => absent<Buffer | null>(() => readFile(path), null)),
  list: (directory) => guarded('list', directory, async () => (await absent(() => readdir(directory), [])).toSorted()),
  makeDirectory: (directory, permissions = 0o700) =>
    guarded('create', directory, async () => void (await mkdir(directory, { recursive: true, mode: permissions }))),
  rename: (from, to) => guarded('rename', to, () => rename(from, to)),
  link: (from, to) => guarded('create', to, () => link(from, to)),
  remove: (path) => guarded('remove', path, () => absent(() => unlink(path), undefined)),
  syncDirectory: (directory) =>
    guarded('sync', directory, async () => {
      const handle = await open(directory, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    }),
};
