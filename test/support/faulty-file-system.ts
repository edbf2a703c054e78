import type { FileSystem, OpenFile } from '../../src/adapters/files/index.js';
import { StorageFault, nodeFileSystem } from '../../src/adapters/files/index.js';

/** One change to the disk that is about to happen. */
export interface DiskStep {
  readonly number: number;
  readonly operation: string;
  readonly path: string;
}

/** What happens instead: nothing strange, an error, or (of a write) only so many octets and then the error. */
export type Verdict = null | { readonly error: Error; readonly octets?: number };

export const diskError =
  (code: string) =>
  (step: DiskStep): Error =>
    new StorageFault(step.operation, step.path, { code });

/** A file system that asks before every change. Reads go through. */
export const faultyFileSystem = (judge: (step: DiskStep) => Verdict, base: FileSystem = nodeFileSystem): FileSystem => {
  let number = 0;
  const ask = (operation: string, path: string): Verdict => {
    number += 1;
    return judge({ number, operation, path });
  };
  const guard = (operation: string, path: string): void => {
    const verdict = ask(operation, path);
    if (verdict !== null) throw verdict.error;
  };
  const wrap = (file: OpenFile): OpenFile => ({
    path: file.path,
    size: () => file.size(),
    read: (buffer, position) => file.read(buffer, position),
    readNow: (buffer, position) => file.readNow(buffer, position),
    write: async (octets, position) => {
      const verdict = ask('write', file.path);
      if (verdict === null) return await file.write(octets, position);
      if (verdict.octets !== undefined) await file.write(octets.subarray(0, Math.min(octets.length, verdict.octets)), position);
      throw verdict.error;
    },
    datasync: async () => {
      guard('sync', file.path);
      await file.datasync();
    },
    truncate: async (length) => {
      guard('truncate', file.path);
      await file.truncate(length);
    },
    close: () => file.close(),
  });
  return {
    open: async (path, how, permissions) => {
      if (how === 'create') guard('create', path);
      return wrap(await base.open(path, how, permissions));
    },
    readWhole: (path) => base.readWhole(path),
    list: (directory) => base.list(directory),
    makeDirectory: async (directory, permissions) => {
      guard('make', directory);
      await base.makeDirectory(directory, permissions);
    },
    rename: async (from, to) => {
      guard('rename', to);
      await base.rename(from, to);
    },
    link: async (from, to) => {
      guard('link', to);
      await base.link(from, to);
    },
    remove: async (path) => {
      guard('remove', path);
      await base.remove(path);
    },
    syncDirectory: async (directory) => {
      guard('sync', directory);
      await base.syncDirectory(directory);
    },
  };
};
