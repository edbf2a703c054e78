import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  FileClassStorage,
  FileDocuments,
  FileEvidence,
  FileLogStorage,
  FileDomainRecords,
  FileRejectRecords,
  FileRegister,
  FileSnapshotStorage,
  FileVault,
  LAYOUT,
  listPublished,
  openWal,
  openKeys,
  readPublicKeys,
  StorageFault,
  type FileWal,
} from '../adapters/files/index.js';
import { MemoryMappingStore } from '../adapters/memory/index.js';
import { credentialIdOfMapping } from '../gateway/credential-book.js';
import { CredentialClasses } from '../gateway/credential-classes.js';
import { foldLog } from '../gateway/fold.js';
import { sealingContext } from '../gateway/journal.js';
import { recover, type Recovered } from '../gateway/recovery.js';
import { Tree, fsckLog, leafHash, openCheckpoint, type FsckProblem, type FsckReport } from '../log/index.js';
import type { SubjectId } from '../ports/index.js';
import { Refusal, Unavailable } from '../reasons/index.js';
import { everyMapping, unpackSubject } from '../registry/index.js';
import { fsckCrls } from './audit-fsck-crls.js';
import { fsckPrincipals } from './audit-fsck-principals.js';
import { fsckEvidence } from './audit-fsck-evidence.js';
import { fsckRejects } from './audit-fsck-rejects.js';
import { CannotRun } from './audit-report.js';

export interface DirectoryReport extends FsckReport {
  /** Durable records; those from `size` on are not published yet. */
  readonly records: number;
  readonly subjects: number;
}

/** A refusal names the file itself: `wal/0000000000000000.wal at offset 20`. */
const problemOf = (error: unknown, path: string): FsckProblem => {
  if (!(error instanceof Refusal) || error instanceof Unavailable) throw error;
  const [, file = path, what = ''] = /^((?:wal|vault|classes|evidence|keys)\/\S+|classes) (.*)$/.exec(error.detail ?? '') ?? [];
  return { path: file, what: what === '' ? error.message : what };
};

interface Parts {
  readonly place: string;
  readonly vkey: string;
  readonly pepper: Uint8Array;
  readonly checkpoint: Uint8Array | null;
  readonly lastSigned: Uint8Array | null;
  readonly wal: FileWal;
  readonly vault: FileVault;
  readonly classes: FileClassStorage;
  readonly evidence: FileEvidence;
  readonly documents: FileDocuments;
}

class Directory {
  readonly #parts: Parts;
  subjects = 0;

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * In the order in which a running gateway's writes depend on each other, backwards: what is read later holds all that what was read
   * before speaks of.
   */
  static async open(place: string, vkey: string | undefined): Promise<Directory> {
    const keys = join(place, LAYOUT.keys);
    const { origin, logVkey } = await readPublicKeys(keys);
    const { pepper, vaultKey } = await openKeys(keys, { origin, mayCreate: false });
    const checkpoint = await FileLogStorage.reader(join(place, LAYOUT.tiles)).read('checkpoint');
    const lastSigned = await new FileRegister(join(place, LAYOUT.lastSigned)).read();
    const opened: { close(): Promise<void> }[] = [];
    const keep = <T extends { close(): Promise<void> }>(part: T): T => {
      opened.push(part);
      return part;
    };
    try {
      const wal = keep(await openWal(join(place, LAYOUT.wal), { readOnly: true }));
      const clock = { now: () => Date.now() };
      const vault = keep(await FileVault.open(join(place, LAYOUT.vault), { vaultKey, clock, readOnly: true }));
      const classes = keep(await FileClassStorage.open(join(place, LAYOUT.classes), { readOnly: true }));
      const evidence = keep(await FileEvidence.open(join(place, LAYOUT.evidence), { logSize: wal.size, readOnly: true }));
      const documents = await FileDocuments.open(join(place, LAYOUT.documents));
      return new Directory({ place, vkey: vkey ?? logVkey, pepper, checkpoint, lastSigned, wal, vault, classes, evidence, documents });
    } catch (error) {
      for (const part of opened) await part.close();
      throw error;
    }
  }

  get records(): number {
    return this.#parts.wal.size;
  }

  /** Checkpoint and tiles beside the write-ahead log. */
  async published(): Promise<FsckReport> {
    const tiles = join(this.#parts.place, LAYOUT.tiles);
    const storage = FileLogStorage.reader(tiles);
    const leaves = this.#parts.wal.read(0);
    try {
      return await fsckLog(
        { read: (path) => storage.read(path), list: () => listPublished(tiles), leaves: () => leafIterator(leaves) },
        this.#parts.vkey,
      );
    } finally {
      await leaves.return(undefined);
    }
  }

  /** Every record's seal, and the root at the size that was signed last. */
  async sealed(): Promise<FsckProblem | null> {
    const signed = this.#lastSigned();
    if (signed === null) return this.#parts.wal.size === 0 ? null : { path: LAYOUT.lastSigned, what: 'is missing' };
    if ('path' in signed) return signed;
    const tree = new Tree();
    for await (const { index, record } of this.#parts.wal.read(0)) {
      tree.append(leafHash(record.leaf));
      if (tree.size === signed.size && Buffer.compare(tree.root(), signed.root) !== 0)
        return { path: LAYOUT.lastSigned, what: 'has another root than the write-ahead log' };
      if (record.sealed.length > 0) this.#parts.vault.open(record.keySlot, sealingContext(index), record.sealed);
    }
    return tree.size < signed.size ? { path: 'wal', what: `holds ${tree.size} records, and ${signed.size} were signed for` } : null;
  }

  #lastSigned(): { size: number; root: Uint8Array } | FsckProblem | null {
    if (this.#parts.lastSigned === null) return null;
    try {
      const { size, root } = openCheckpoint(this.#parts.lastSigned, this.#parts.vkey);
      return { size: Number(size), root };
    } catch (error) {
      if (error instanceof Refusal) return { path: LAYOUT.lastSigned, what: error.message };
      throw error;
    }
  }

  crls(): Promise<FsckProblem | null> {
    return fsckCrls(this.#parts.place);
  }

  async snapshots(): Promise<FsckProblem | null> {
    const storage = new FileSnapshotStorage(join(this.#parts.place, LAYOUT.snapshot));
    for (const size of await storage.sizes()) {
      if (!(await isWholeOrGone(storage, size)))
        return { path: `${LAYOUT.snapshot}/${storage.nameOf(size)}`, what: 'does not match its digest' };
    }
    return null;
  }

  async vault(): Promise<FsckProblem | null> {
    await this.#parts.vault.check();
    return null;
  }

  evidence(): Promise<FsckProblem | null> {
    return fsckEvidence(this.#parts);
  }

  /** What a start would serve (snapshot and tail), and what the log alone gives, subject by subject. */
  async mappings(): Promise<FsckProblem | null> {
    const store = new MemoryMappingStore();
    const { wal, vault, pepper } = this.#parts;
    const snapshots = new FileSnapshotStorage(join(this.#parts.place, LAYOUT.snapshot));
    // What a crash left of an erasure is the next start's to finish.
    const reading = { open: vault.open.bind(vault), erase: () => Promise.resolve() };
    const { book, principals } = await recover({ wal, vault: reading, snapshots, store, storeIsVolatile: true, pepper, epoch: 1 });
    const folded = await foldLog({ wal, vault, pepper });
    this.subjects = folded.size;
    if (!(await sameMap(store, folded)))
      return { path: LAYOUT.snapshot, what: 'the mappings it gives are not those of the log: remove it, the next start replays the log' };
    const records = new FileDomainRecords(join(this.#parts.place, LAYOUT.principals));
    return (await this.#credentials(store, book)) ?? (await fsckPrincipals(records, wal, principals));
  }

  rejects(): Promise<FsckProblem | null> {
    return fsckRejects(new FileRejectRecords(join(this.#parts.place, LAYOUT.rejects)), this.#parts.wal);
  }

  /** That every mapping could be judged again: its credential is known, and its class. */
  async #credentials(store: MemoryMappingStore, book: Recovered['book']): Promise<FsckProblem | null> {
    const classes = await CredentialClasses.load(this.#parts.classes);
    for await (const [, packed] of store.entries()) {
      for (const { credential } of everyMapping(unpackSubject(packed))) {
        const entries = book.get(credentialIdOfMapping(credential));
        if (entries.length === 0)
          return { path: LAYOUT.snapshot, what: 'lacks the credential of a mapping: remove it, the next start replays the log' };
        for (const entry of entries) classes.of(entry.class);
      }
    }
    return null;
  }

  async close(): Promise<void> {
    await this.#parts.evidence.close();
    await this.#parts.classes.close();
    await this.#parts.vault.close();
    await this.#parts.wal.close();
  }
}

/** A gateway that runs meanwhile removes its oldest snapshot. */
const isWholeOrGone = async (storage: FileSnapshotStorage, size: number): Promise<boolean> => {
  try {
    return await storage.isWhole(size);
  } catch (error) {
    if (error instanceof StorageFault && error.code === 'ENOENT') return true;
    throw error;
  }
};

async function* leafIterator(records: AsyncIterable<{ readonly record: { readonly leaf: Uint8Array } }>): AsyncGenerator<Uint8Array> {
  for await (const { record } of records) yield record.leaf;
}

const sameMap = async (store: MemoryMappingStore, folded: Map<SubjectId, Uint8Array>): Promise<boolean> => {
  let count = 0;
  for await (const [id, packed] of store.entries()) {
    const expected = folded.get(id);
    if (expected === undefined || Buffer.compare(expected, packed) !== 0) return false;
    count += 1;
  }
  return count === folded.size;
};

/**
 * A data directory, read only, also beside a gateway that runs on it: the published log, every record and its seal, every key,
 * the snapshots, and that the mappings a start would serve are the fold of the log.
 */
export const fsckDirectory = async (place: string, { logVkey }: { readonly logVkey?: string }): Promise<DirectoryReport> => {
  if (!(await isDirectory(place))) throw new CannotRun(`${place} is not a data directory`);
  const none = { size: 0, root: null, records: 0, subjects: 0 };
  let directory: Directory;
  try {
    directory = await Directory.open(place, logVkey);
  } catch (error) {
    return { ...none, problem: problemOf(error, LAYOUT.keys) };
  }
  try {
    return await examine(directory);
  } finally {
    await directory.close();
  }
};

const examine = async (directory: Directory): Promise<DirectoryReport> => {
  let report: FsckReport = { size: 0, root: null, problem: null };
  const steps: readonly [string, () => Promise<FsckProblem | null>][] = [
    ['vault', () => directory.vault()],
    ['wal', async () => (report = await directory.published()).problem],
    ['wal', () => directory.sealed()],
    ['evidence', () => directory.evidence()],
    ['crls', () => directory.crls()],
    ['snapshot', () => directory.snapshots()],
    ['wal', () => directory.mappings()],
    ['rejects', () => directory.rejects()],
  ];
  let problem: FsckProblem | null = null;
  for (const [path, step] of steps) {
    problem = await step().catch((error: unknown) => problemOf(error, path));
    if (problem !== null) break;
  }
  return { ...report, problem, records: directory.records, subjects: directory.subjects };
};

const isDirectory = async (place: string): Promise<boolean> => {
  try {
    return (await stat(join(place, LAYOUT.wal))).isDirectory();
  } catch {
    return false;
  }
};
