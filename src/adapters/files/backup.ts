import { basename, dirname, join } from 'node:path';
import { encodeBase64 } from '../../encoding/index.js';
import { Tree, leafHash, peekLeaf } from '../../log/index.js';
import { refuse } from '../../reasons/index.js';
import { MANIFEST, encodeManifest, type BackupManifest } from './backup-manifest.js';
import { FolderCopy, measureFile } from './backup-copy.js';
import { LAYOUT } from './layout.js';
import { makeDurableDirectory, replaceFile } from './durable-file.js';
import { FileEvidence } from './evidence.js';
import { nodeFileSystem, type FileSystem } from './file-system.js';
import { refuseFrozen } from './frozen.js';
import { KEY_FILES, openKeys, readPublicKeys } from './keys.js';
import { StorageFault } from './storage-fault.js';
import { FileVault } from './vault.js';
import { openWal } from './wal.js';

/*
 * A copy of a data directory, also while a gateway writes in it (docs/adr/0027). What a gateway makes durable first is copied last, so that
 * the copy never speaks of what it does not hold:
 *  1 last-signed                        the log holds at least what was signed
 *  2 wal/, whole batches, then vault/   a record's key is durable before it. A key that an erasure destroyed is gone only once its leaf is
 *                                       durable: where leaves of erasures came meanwhile, the new batches and the vault are copied again
 *  3 classes/, evidence/, its documents, rejects/    durable before the records that name them
 *  4 what no record names: crls/, trust-lists/, numbering/, webhooks/, quota/, epoch; keys/
 *  5 manifest.json                      before it the folder is no backup, and `restore` says so
 * Left out, since a start makes them of the log: tiles/, snapshot/ (holds SSIs in clear), index/, principals/; and lock.
 */

export interface BackupOptions {
  /** Where the keys go, apart from the rest. Absent: into the backup. */
  readonly keysTo?: string;
  /** ms */
  readonly now: number;
  readonly fs?: FileSystem;
}

/** How often erasures may come between the copy of the log and that of the vault. */
const MOST_ROUNDS = 20;
const DAY = /^[0-9]{1,6}$/;
const FEED = /^[a-z0-9-]+$/;

/**
 * @throws Refusal `log-corrupt` where the directory is damaged, or is no data directory; StorageFault where `out` is not empty, or the disk fails.
 * What was written by then is no backup
 */
export const backUp = async (
  directory: string,
  out: string,
  { keysTo, now, fs = nodeFileSystem }: BackupOptions,
): Promise<BackupManifest> => {
  const { origin } = await readPublicKeys(join(directory, LAYOUT.keys), fs);
  await refuseFrozen(fs, directory);
  await refuseFull(fs, out);
  await makeDurableDirectory(fs, out, dirname(out));
  const copy = new FolderCopy(fs, directory, out);
  await copy.file(LAYOUT.lastSigned);
  const size = await copyLog(fs, directory, copy);
  await copyBesideLog(fs, directory, copy, size);
  const keys = keysTo ?? join(out, LAYOUT.keys);
  await copyKeys(fs, join(directory, LAYOUT.keys), keys);
  const { pepper, vaultKey } = await openKeys(keys, { origin, mayCreate: false, fs });
  await checkVault(fs, join(out, LAYOUT.vault), vaultKey);
  const root = encodeBase64(await rootOf(fs, join(out, LAYOUT.wal), size));
  const paths = [...copy.paths, ...KEY_FILES.map((name) => `${LAYOUT.keys}/${name}`)].toSorted();
  const files: BackupManifest['files'] = [];
  for (const path of paths) {
    const at = path.startsWith(`${LAYOUT.keys}/`) ? join(keys, basename(path)) : join(out, path);
    const measure = (await measureFile(fs, at)) ?? refuse('log-corrupt', `${path} is gone from the backup`);
    files.push({ path, ...measure });
  }
  const at = new Date(now).toISOString();
  const manifest: BackupManifest = { v: 1, origin, at, size, root, keysApart: keysTo !== undefined, files };
  await replaceFile(fs, join(out, MANIFEST), join(out, `${MANIFEST}.tmp`), encodeManifest(pepper, manifest));
  return manifest;
};

/** @throws StorageFault */
export const refuseFull = async (fs: FileSystem, folder: string): Promise<void> => {
  const names = await fs.list(folder);
  if (names.every((name) => name === 'lock' || name.startsWith('lock.'))) return;
  const fault = new StorageFault('create', folder, { code: 'ENOTEMPTY' });
  fault.message = `${folder} is not empty: name another folder, or empty it`;
  throw fault;
};

/** The log and every key that it needs; how many records. */
const copyLog = async (fs: FileSystem, directory: string, copy: FolderCopy): Promise<number> => {
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const size = await copy.segments(LAYOUT.wal);
    await copy.file(`${LAYOUT.vault}/keys`);
    if (!(await hasErasure(fs, join(directory, LAYOUT.wal), size))) return size;
  }
  const fault = new StorageFault('copy', join(directory, LAYOUT.vault), { code: 'EBUSY' });
  fault.message = `subjects are erased in ${directory} faster than it can be copied: try again, or stop the gateway first`;
  throw fault;
};

const hasErasure = async (fs: FileSystem, directory: string, from: number): Promise<boolean> => {
  const wal = await openWal(directory, { fs, readOnly: true });
  try {
    for await (const { record } of wal.read(from)) if (peekLeaf(record.leaf).k === 'erase') return true;
    return false;
  } finally {
    await wal.close();
  }
};

const copyBesideLog = async (fs: FileSystem, directory: string, copy: FolderCopy, size: number): Promise<void> => {
  await copy.segments(LAYOUT.classes);
  await copyEvidence(fs, directory, copy, size);
  await copy.folder(LAYOUT.documents);
  for (const day of await copy.below(LAYOUT.rejects, DAY)) await copy.folder(day);
  // After the records: it says which of them need not be there.
  await copy.file(`${LAYOUT.rejects}/kept-from`);
  for (const feed of await copy.below(LAYOUT.numbering, FEED)) await copy.settledFolder(feed);
  for (const folder of [LAYOUT.crls, LAYOUT.trustLists, LAYOUT.webhooks, LAYOUT.quota]) await copy.folder(folder);
  await copy.file('epoch');
};

const copyEvidence = async (fs: FileSystem, directory: string, copy: FolderCopy, size: number): Promise<void> => {
  await copy.file(`${LAYOUT.evidence}/first`);
  const evidence = await FileEvidence.open(join(directory, LAYOUT.evidence), { logSize: size, fs, readOnly: true });
  await evidence.close();
  await copy.segments(LAYOUT.evidence, { startsAt: evidence.first, limit: size });
};

/** Keys that are there already must be the same: a folder of keys serves every backup until one of them is rotated. */
const copyKeys = async (fs: FileSystem, from: string, to: string): Promise<void> => {
  await makeDurableDirectory(fs, to, dirname(to));
  for (const name of KEY_FILES) {
    const octets = (await fs.readWhole(join(from, name))) ?? refuse('log-corrupt', `keys/${name} is missing`);
    const path = join(to, name);
    const kept = await fs.readWhole(path);
    if (kept === null) await replaceFile(fs, path, `${path}.tmp`, octets);
    else if (!kept.equals(octets)) {
      const fault = new StorageFault('create', path, { code: 'EEXIST' });
      fault.message = `${path} is of another log, or from before a rotation: name another folder for the keys`;
      throw fault;
    }
  }
};

const checkVault = async (fs: FileSystem, directory: string, vaultKey: Uint8Array): Promise<void> => {
  const vault = await FileVault.open(directory, { vaultKey, clock: { now: () => 0 }, fs, readOnly: true });
  try {
    await vault.check();
  } finally {
    await vault.close();
  }
};

/** Read back from the copy, batch by batch with their checksums. */
const rootOf = async (fs: FileSystem, directory: string, size: number): Promise<Uint8Array> => {
  const tree = new Tree();
  const wal = await openWal(directory, { fs, readOnly: true });
  try {
    for await (const { record } of wal.read(0)) tree.append(leafHash(record.leaf));
  } finally {
    await wal.close();
  }
  return tree.size === size ? tree.root() : refuse('log-corrupt', `the copy of wal/ holds ${tree.size} records of ${size}`);
};
