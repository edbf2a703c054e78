import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeSync,
} from 'node:fs';

/** The few things that a desk asks of a file system, each a step that a test can let fail or end the process at. */
export interface Disk {
  /** Null when there is no such file. */
  read(path: string): Buffer | null;
  /** What a file holds from an offset on; empty when there is no such file. */
  readFrom(path: string, offset: number): Buffer;
  /** Octets of a file, and what changes when another takes its place; null when there is none. */
  stat(path: string): { readonly size: number; readonly identity: string } | null;
  list(directory: string): string[];
  /** Where a symbolic link points; null when there is none, or something else. */
  readLink(path: string): string | null;
  makeDirectory(path: string): void;
  /** Replaces what was there; the contents are durable, the name is not. */
  write(path: string, octets: Uint8Array, mode: number): void;
  append(path: string, octets: Uint8Array): void;
  sync(path: string): void;
  truncate(path: string, size: number): void;
  rename(from: string, to: string): void;
  remove(path: string): void;
  /** A new name is durable only once its directory is. */
  syncDirectory(path: string): void;
  /** Made with its text at once, or not at all: false when the name is taken. */
  link(text: string, path: string): boolean;
}

export const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

const orNull = <T>(work: () => T, ...codes: string[]): T | null => {
  try {
    return work();
  } catch (error) {
    if (codes.includes(String(codeOf(error)))) return null;
    throw error;
  }
};

const within = <T>(path: string, flags: string, mode: number, work: (file: number) => T): T => {
  const file = openSync(path, flags, mode);
  try {
    return work(file);
  } finally {
    closeSync(file);
  }
};

/** One write may store less than it was given. */
const writeAll = (file: number, octets: Uint8Array): void => {
  for (let done = 0; done < octets.length;) done += writeSync(file, octets, done);
};

const readRest = (path: string, offset: number): Buffer =>
  within(path, 'r', 0, (file) => {
    const rest = Buffer.alloc(Math.max(0, statSync(path).size - offset));
    let done = 0;
    while (done < rest.length) {
      const octets = readSync(file, rest, done, rest.length - done, offset + done);
      if (octets === 0) break;
      done += octets;
    }
    return rest.subarray(0, done);
  });

export const nodeDisk: Disk = {
  read: (path) => orNull(() => readFileSync(path), 'ENOENT'),
  readFrom: (path, offset) => orNull(() => readRest(path, offset), 'ENOENT') ?? Buffer.alloc(0),
  stat: (path) =>
    orNull(() => {
      const { size, ino, mtimeMs } = statSync(path);
      return { size, identity: `${ino}.${mtimeMs}.${size}` };
    }, 'ENOENT'),
  list: (directory) => (existsSync(directory) ? readdirSync(directory).toSorted() : []),
  // EINVAL: it is there, and no link.
  readLink: (path) => orNull(() => readlinkSync(path), 'ENOENT', 'EINVAL'),
  makeDirectory: (path) => void mkdirSync(path, { recursive: true }),
  write: (path, octets, mode) =>
    within(path, 'w', mode, (file) => {
      writeAll(file, octets);
      fsyncSync(file);
    }),
  append: (path, octets) => within(path, 'a', 0o600, (file) => writeAll(file, octets)),
  sync: (path) => within(path, 'r+', 0, fsyncSync),
  truncate: (path, size) => truncateSync(path, size),
  rename: (from, to) => renameSync(from, to),
  remove: (path) => rmSync(path, { force: true }),
  syncDirectory: (path) => within(path, 'r', 0, fsyncSync),
  link: (text, path) => {
    try {
      return orNull(() => (symlinkSync(text, path), true), 'EEXIST') ?? false;
    } catch (error) {
      // The system's message has the text in it, which says nothing to an operator.
      throw new Error(`cannot make ${path} (${String(codeOf(error))})`, { cause: error });
    }
  },
};
