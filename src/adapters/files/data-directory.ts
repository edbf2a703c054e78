import { dirname, join } from 'node:path';
import type { Clock } from '../../ports/index.js';
import { FileCrlArchive } from './crl-archive.js';
import { FileClassStorage } from './class-storage.js';
import { FileDocuments } from './documents.js';
import { makeDurableDirectory } from './durable-file.js';
import { FileEvidence } from './evidence.js';
import { nodeFileSystem, type FileSystem } from './file-system.js';
import { refuseFrozen } from './frozen.js';
import { openKeys, type GatewayKeys } from './keys.js';
import { LAYOUT } from './layout.js';
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
import { finishRotation } from './vault-rotation.js';
import { openWal, type FileWal } from './wal.js';

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
 * @throws StorageFault (held by another process, frozen, unreadable, full); Refusal `log-corrupt`
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
    await refuseFrozen(fs, directory);
    const wal = await openWal(join(directory, LAYOUT.wal), { fs });
    opened.push(wal);
    await finishRotation(directory, fs);
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
