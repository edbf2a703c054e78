import { readFile, readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/** Every file below a folder, by its path there, read whole; none where there is no such folder. For a page that is small and never changes. */
export const readPageFiles = async (folder: string): Promise<ReadonlyMap<string, Buffer>> => {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const named = await Promise.all(files.map(async (file) => [relative(folder, file).replaceAll(sep, '/'), await readFile(file)] as const));
  return new Map(named);
};
