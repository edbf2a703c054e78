import { dirname, join } from 'node:path';
import type { Clock } from '../../ports/index.js';
import { FileCrlArchive } from './crl-archive.js';
import { FileClassStorage } from './class-storage.js';
import { FileDocuments } from './documents.js';
import { makeDurableDirectory } from './durable-file.js';
import { FileEvidence } from './evidence.js';
import { nodeFileSystem, type FileSystem } from './file-system.js';
import { openKeys, type GatewayKeys } from './keys.js';
import { DirectoryLock } from './lock.js';
import { FileQuotaJournal } from './quota-journal.js';
import { FileDomainRecords } from './domain-records.js';
import { FileFeedArchive } from './feed-archive.js';
import { FileRejectRecords } from './reject-records.js';
import { FileRegister } from './register.js';
import { FileSearchStorage } from './search-storage.js';
import { FileSnapshotStorage } from './snapshot.js';
import { FileLogStorage } from './tile-storage.js';
import { FileVault } from './vault.js';
import { openWal, type FileWal } from './wal.js';

/** Names in a data directory. */
export const LAYOUT = {
  wal: 'wal',
  tiles: 'tiles',
  vault: 'vault',
  classes: 'classes',
  /** What each decision was made from, sealed. */
  evidence: 'evidence',
  /** Policies, trust material and CRLs that decisions were made under, each under its digest. */
  documents: 'evidence/documents',
  snapshot: 'snapshot',
  /** The search index, block by block. Derived: take it away and the next start makes it again. */
  index: 'index',
  keys: 'keys',
  /** The last good trust list of each name, with its sequence: what keeps an older one from coming back. */
  trustLists: 'trust-lists',
  /** The last good feed of numbering data of each name. Never restore it from a backup: it is what keeps an older one from coming back. */
  numbering: 'numbering',
  /** The last good CRL of each place. Never restore it from a backup: it is what keeps an older CRL from being taken again. */
  crls: 'crls',
  /** What was looked up in this epoch, in the embedded profile. Restoring an older one gives callers their numbers again. */
  quota: 'quota',
  /** What operators changed about principals: it overrules principals.yaml, so who was removed comes back where it is lost. */
  principals: 'principals',
  /** Where principals have their changes sent. */
  webhooks: 'webhooks',
  /** What was refused beyond a client's budget: the records behind batch leaves, for as many days as policy says. */
  rejects: 'rejects',
  /** The newest signed checkpoint. Never restore it from a backup: it is what keeps a restored log from signing a second history. */
  lastSigned: 'last-signed',
} as const;

export interface DataDirectory {
  readonly keys: GatewayKeys;
  readonly wal: FileWal;
  readonly tiles: FileLogStorage;
  readonly vault: FileVault;
  readonly classes: FileClassStorage;
  readonly evidence: FileEvidence;
  readonly documents: FileDocuments;
  readonly snapshots: FileSnapshotStorage;
  readonly searches: FileSearchStorage;
  readonly lastSigned: FileRegister;
  trustList(name: string): FileRegister;
  readonly feeds: FileFeedArchive;
  readonly crls: FileCrlArchive;
  readonly principals: FileDomainRecords;
  readonly webhooks: FileDomainRecords;
  readonly rejects: FileRejectRecords;
  /** Whoever opens it closes it. */
  quotaJournal(monotonic: () => number): FileQuotaJournal;
  /** Closes the files and gives up the lock. */
  close(): Promise<void>;
}

/**
 * Opens a gateway's data directory for this process alone, making it at the first start.
 * @throws StorageFault (held by another process, unreadable, full); Refusal `log-corrupt`
 */
export const openDataDirectory = async (
  directory: string,
  { origin, clock, fs = nodeFileSystem }: { readonly origin: string; readonly clock: Pick<Clock, 'now'>; readonly fs?: FileSystem },
): Promise<DataDirectory> => {
  await makeDurableDirectory(fs, directory, dirname(directory));
  const lock = await DirectoryLock.acquire(directory, fs);
  const opened: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    for (const part of opened.splice(0).toReversed()) await part.close();
    await lock.release();
  };
  try {
    const wal = await openWal(join(directory, LAYOUT.wal), { fs });
    opened.push(wal);
    const keys = await openKeys(join(directory, LAYOUT.keys), { origin, mayCreate: wal.size === 0, fs });
    const vault = await FileVault.open(join(directory, LAYOUT.vault), { vaultKey: keys.vaultKey, clock, fs, mayCreate: wal.size === 0 });
    opened.push(vault);
    const classes = await FileClassStorage.open(join(directory, LAYOUT.classes), { fs });
    opened.push(classes);
    const evidence = await FileEvidence.open(join(directory, LAYOUT.evidence), { logSize: wal.size, fs });
    opened.push(evidence);
    return {
      keys,
      wal,
      vault,
      classes,
      evidence,
      documents: await FileDocuments.open(join(directory, LAYOUT.documents), fs),
      tiles: await FileLogStorage.open(join(directory, LAYOUT.tiles), fs),
      snapshots: new FileSnapshotStorage(join(directory, LAYOUT.snapshot), fs),
      searches: new FileSearchStorage(join(directory, LAYOUT.index), fs),
      lastSigned: new FileRegister(join(directory, LAYOUT.lastSigned), fs),
      trustList: (name) => new FileRegister(join(directory, LAYOUT.trustLists, `${name}.json`), fs),
      feeds: new FileFeedArchive(join(directory, LAYOUT.numbering), fs),
      crls: new FileCrlArchive(join(directory, LAYOUT.crls), fs),
      principals: new FileDomainRecords(join(directory, LAYOUT.principals), fs),
      webhooks: new FileDomainRecords(join(directory, LAYOUT.webhooks), fs),
      rejects: new FileRejectRecords(join(directory, LAYOUT.rejects), fs),
      quotaJournal: (monotonic) => new FileQuotaJournal(join(directory, LAYOUT.quota), monotonic, { fs }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};
