import { basename, dirname, join } from 'node:path';
import { decodeBase64 } from '../../encoding/index.js';
import { Tree, leafHash, openCheckpoint } from '../../log/index.js';
import { Publisher } from '../../gateway/publish.js';
import type { NoteSigner } from '../../ports/index.js';
import { refuse } from '../../reasons/index.js';
import { measureFile } from './backup-copy.js';
import { readManifest, type BackupManifest } from './backup-manifest.js';
import { refuseFull } from './backup.js';
import { makeDurableDirectory, replaceFile } from './durable-file.js';
import { copyFile } from './feed-archive.js';
import { nodeFileSystem, type FileSystem } from './file-system.js';
import { FREEZE, FROZEN } from './frozen.js';
import { openKeys } from './keys.js';
import { LAYOUT } from './layout.js';
import { DirectoryLock } from './lock.js';
import { FileRegister } from './register.js';
import { StorageFault } from './storage-fault.js';
import { FileLogStorage } from './tile-storage.js';
import { openWal } from './wal.js';

/*
 * A data directory made of a backup (docs/adr/0027). All of the backup is looked at before anything is written. Writes, and what a crash after each leaves:
 *  1 the folder, its lock      an empty folder
 *  2 `frozen`, durable         a folder in which no gateway starts, whatever is in it: it is emptied, and restored again
 *  3 every file of the backup  the same
 *  4 `last-signed`             the same: the newest checkpoint that was published, so that the signer continues what outsiders have
 *  5 tiles/, made of the log   the same
 *  6 `frozen` goes, durable    complete. For reading alone it stays, and says so
 */

/** A file of a backup that is not what was saved. */
export interface BackupProblem {
  readonly path: string;
  readonly what: string;
}

export interface RestoreOptions {
  /** Folder of the keys, where they were put apart. */
  readonly keysFrom?: string;
  /**
   * The newest checkpoints that anybody outside has; what is restored holds all of them, or nothing is. Null: for reading alone, and no gateway
   * ever starts there.
   */
  readonly published: readonly Uint8Array[] | null;
  readonly fs?: FileSystem;
}

export type Restored =
  | { readonly outcome: 'restored'; readonly manifest: BackupManifest; readonly signedSize: number | null }
  | { readonly outcome: 'damaged'; readonly problems: readonly BackupProblem[] };

interface Source {
  readonly fs: FileSystem;
  readonly backup: string;
  readonly keys: string;
  readonly manifest: BackupManifest;
}

const pathIn = ({ backup, keys }: Pick<Source, 'backup' | 'keys'>, path: string): string =>
  path.startsWith(`${LAYOUT.keys}/`) ? join(keys, basename(path)) : join(backup, path);

/**
 * @throws Refusal `log-corrupt` (no backup, or its manifest is not by these keys), `consistency-failed` (behind what was published, or another history),
 * `malformed-note`, `malformed-checkpoint`, `untrusted-note`; StorageFault (the target is not empty, the disk fails). Nothing is written then, unless the disk failed
 */
export const restore = async (
  backup: string,
  directory: string,
  { keysFrom, published, fs = nodeFileSystem }: RestoreOptions,
): Promise<Restored> => {
  const { manifest, isOf } = await readManifest(fs, backup);
  const source = { fs, backup, keys: keysFrom ?? join(backup, LAYOUT.keys), manifest };
  const problems = await problemsOf(source);
  if (problems.length > 0) return { outcome: 'damaged', problems };
  const { log, pepper, logVkey } = await openKeys(source.keys, { origin: manifest.origin, mayCreate: false, fs });
  if (!isOf(pepper)) return refuse('log-corrupt', 'manifest.json was not written with these keys');
  const { newest, tree } = await newestSigned(source, logVkey, published ?? []);
  await makeDurableDirectory(fs, directory, dirname(directory));
  const lock = await DirectoryLock.acquire(directory, fs);
  try {
    await refuseFull(fs, directory);
    await fill(source, directory);
    await publishAgain({ fs, directory, signer: log, tree, newest });
    await thaw(fs, directory, published === null);
  } finally {
    await lock.release();
  }
  return { outcome: 'restored', manifest, signedSize: published === null ? null : newest.size };
};

/** Every file that is not what the manifest says. */
const problemsOf = async (source: Source): Promise<BackupProblem[]> => {
  const problems: BackupProblem[] = [];
  for (const { path, octets, sha256 } of source.manifest.files) {
    const found = await measureFile(source.fs, pathIn(source, path));
    if (found === null) problems.push({ path, what: 'is missing' });
    else if (found.octets !== octets) problems.push({ path, what: `has ${found.octets} octets, and ${octets} were saved` });
    else if (found.sha256 !== sha256) problems.push({ path, what: 'is not what was saved' });
  }
  return problems;
};

interface Published {
  readonly size: number;
  readonly root: Uint8Array;
  /** With the log's own signature alone. */
  readonly signed: Buffer;
  /** With cosignatures, as it was given. */
  readonly note: Uint8Array;
}

/**
 * The newest checkpoint that is known to have been signed. The backup must hold the log up to each of them, with its root, and nothing that is
 * given as published may be older than what the backup itself knows.
 */
const newestSigned = async (
  source: Source,
  vkey: string,
  published: readonly Uint8Array[],
): Promise<{ readonly newest: Published; readonly tree: Tree }> => {
  const own = await source.fs.readWhole(join(source.backup, LAYOUT.lastSigned));
  if (own === null) return refuse('log-corrupt', 'last-signed is missing: nothing was ever published of this log');
  const notes = [own, ...published].map((note) => checkpointOf(note, vkey));
  const tree = await checkedTree(source, notes);
  const [saved, ...given] = notes as [Published, ...Published[]];
  const newest = given.reduce((last, next) => (next.size > last.size ? next : last), given[0] ?? saved);
  if (newest.size < saved.size)
    return refuse('consistency-failed', `what is given as published is of ${newest.size} entries, and the backup knows of ${saved.size}`);
  return { newest, tree };
};

const checkpointOf = (octets: Uint8Array, vkey: string): Published => {
  const { origin, size, root } = openCheckpoint(octets, vkey);
  const lines = Buffer.from(octets).toString('utf8').split('\n');
  const own = lines.filter((line, at) => at < 4 || line.startsWith(`\u2014 ${origin} `));
  return { size: Number(size), root, signed: Buffer.from(`${own.join('\n')}\n`), note: octets };
};

const checkedTree = async ({ fs, backup, manifest }: Source, notes: readonly Published[]): Promise<Tree> => {
  for (const { size } of notes) {
    if (size > manifest.size)
      refuse(
        'consistency-failed',
        `the backup holds ${manifest.size} entries, and ${size} were published: it would continue them another way`,
      );
  }
  const tree = new Tree();
  const check = (): void => {
    for (const { size, root } of notes) {
      if (size === tree.size && Buffer.compare(root, tree.root()) !== 0)
        refuse('consistency-failed', `the backup has another root at ${size} entries than was published`);
    }
  };
  const sizes = new Set(notes.map(({ size }) => size));
  const wal = await openWal(join(backup, LAYOUT.wal), { fs, readOnly: true });
  try {
    check();
    for await (const { record } of wal.read(0)) {
      tree.append(leafHash(record.leaf));
      if (sizes.has(tree.size)) check();
    }
  } finally {
    await wal.close();
  }
  const root = decodeBase64(manifest.root) ?? Buffer.alloc(0);
  if (tree.size !== manifest.size || Buffer.compare(tree.root(), root) !== 0)
    return refuse('log-corrupt', 'wal/ is not the log that manifest.json says');
  return tree;
};

const fill = async ({ fs, manifest, ...source }: Source, directory: string): Promise<void> => {
  await freeze(fs, directory, FREEZE.restoring);
  for (const { path, octets, sha256 } of manifest.files) {
    const to = join(directory, path);
    await makeDurableDirectory(fs, dirname(to), dirname(directory));
    await copyFile(fs, pathIn(source, path), to);
    const written = await measureFile(fs, to);
    if (written?.octets !== octets || written.sha256 !== sha256) throw new StorageFault('copy', to, { code: 'EIO' });
  }
};

interface Publishing {
  readonly fs: FileSystem;
  readonly directory: string;
  readonly signer: NoteSigner;
  /** Of the whole log. */
  readonly tree: Tree;
  readonly newest: Published;
}

/** As a start would, which signs nothing: the tiles of the log under the checkpoint that was published. */
const publishAgain = async ({ fs, directory, signer, tree, newest }: Publishing): Promise<void> => {
  const lastSigned = new FileRegister(join(directory, LAYOUT.lastSigned), fs);
  await lastSigned.write(newest.signed);
  const storage = await FileLogStorage.open(join(directory, LAYOUT.tiles), fs);
  const wal = await openWal(join(directory, LAYOUT.wal), { fs, readOnly: true });
  try {
    await Publisher.start({ wal, storage, lastSigned, signer }, tree);
  } finally {
    await wal.close();
  }
  await storage.write('checkpoint', newest.note);
};

const freeze = (fs: FileSystem, directory: string, why: string): Promise<void> => {
  const path = join(directory, FROZEN);
  return replaceFile(fs, path, `${path}.tmp`, Buffer.from(why));
};

const thaw = async (fs: FileSystem, directory: string, isBehind: boolean): Promise<void> => {
  if (isBehind) return await freeze(fs, directory, FREEZE.behind);
  await fs.remove(join(directory, FROZEN));
  await fs.syncDirectory(directory);
};
