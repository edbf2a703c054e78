import { dirname } from 'node:path';
import type { FileSystem, OpenFile } from './file-system.js';

/*
 * Replacing a file. Writes, and what a crash after each leaves:
 *  1 the temporary file           the old file, and a temporary one that nothing reads: the next attempt replaces it
 *  2 its fdatasync                the same
 *  3 rename                       old or new, whole either way
 *  4 fsync of the folder          the new file, for good
 */

/** Writes a whole new file, durable but for its name. */
export const writeWhole = async (fs: FileSystem, path: string, octets: Uint8Array, permissions = 0o600): Promise<void> => {
  await fs.remove(path);
  const file = await fs.open(path, 'create', permissions);
  await closing(file, async () => {
    await file.write(octets, 0);
    await file.datasync();
  });
};

/** Replaces `path` atomically; durable when it resolves. `temporary` is on the same file system and used by nobody else. */
export const replaceFile = async (fs: FileSystem, path: string, temporary: string, octets: Uint8Array): Promise<void> => {
  await writeWhole(fs, temporary, octets);
  await fs.rename(temporary, path);
  await fs.syncDirectory(dirname(path));
};

/** Runs `work` and closes the file, whatever happens; the first error counts. */
export const closing = async <T>(file: OpenFile, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } finally {
    await file.close();
  }
};

/** Makes a folder and its parents below `root`, and makes their names durable. */
export const makeDurableDirectory = async (fs: FileSystem, directory: string, root: string): Promise<void> => {
  await fs.makeDirectory(directory);
  for (let at = directory; at.length > root.length && at.startsWith(root); at = dirname(at)) await fs.syncDirectory(dirname(at));
};
