import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DirectoryLock, FileEvidence, FileVault, LAYOUT, openKeys, openWal, readPublicKeys } from '../adapters/files/index.js';
import { unsealEvidence } from '../gateway/evidence.js';
import { openedEntry } from '../gateway/opened-entry.js';
import { sealingContext } from '../gateway/journal.js';
import { parseLeaf, type LeafFields, type Opening } from '../log/index.js';
import type { EvidenceRecord, WalRecord } from '../ports/index.js';
import { Refusal } from '../reasons/index.js';
import { CannotRun } from './audit-report.js';

export interface OpenedInDirectory {
  readonly leaf: LeafFields;
  readonly opened: Opening;
}

/**
 * Opens an entry with the keys that lie beside it. Writes nothing, so no leaf says so: while a gateway holds the directory it is refused, and whoever could
 * do it there can ask the gateway, which writes one.
 * @throws CannotRun; Refusal `not-found`, `entry-erased`, `evidence-expired`, `log-corrupt`
 */
export const openInDirectory = async (place: string, index: number): Promise<OpenedInDirectory> => {
  if (!(await isDirectory(join(place, LAYOUT.wal)))) throw new CannotRun(`${place} is not a data directory`);
  const lock = await acquired(place);
  try {
    return await read(place, index);
  } finally {
    await lock.release();
  }
};

const acquired = async (place: string): Promise<DirectoryLock> => {
  try {
    return await DirectoryLock.acquire(place);
  } catch (error) {
    throw new CannotRun(`a gateway runs on ${place}, or it cannot be held: ask the gateway by its URL (${(error as Error).message})`);
  }
};

const read = async (place: string, index: number): Promise<OpenedInDirectory> => {
  const keys = join(place, LAYOUT.keys);
  const { origin } = await readPublicKeys(keys);
  const { vaultKey } = await openKeys(keys, { origin, mayCreate: false });
  const wal = await openWal(join(place, LAYOUT.wal), { readOnly: true });
  try {
    const record = await wal.get(index);
    const vault = await FileVault.open(join(place, LAYOUT.vault), { vaultKey, clock: { now: () => Date.now() }, readOnly: true });
    try {
      const plaintext = unsealed(vault, index, record);
      const evidence = await evidenceOf(place, wal.size, index);
      return { leaf: parseLeaf(record.leaf), opened: openedEntry(record.leaf, plaintext, unsealEvidence(vault, index, evidence)) };
    } finally {
      await vault.close();
    }
  } finally {
    await wal.close();
  }
};

const evidenceOf = async (place: string, logSize: number, index: number): Promise<EvidenceRecord | null> => {
  const storage = await FileEvidence.open(join(place, LAYOUT.evidence), { logSize, readOnly: true });
  try {
    return await storage.get(index);
  } finally {
    await storage.close();
  }
};

const unsealed = (vault: FileVault, index: number, { leaf, sealed, keySlot }: WalRecord): Uint8Array => {
  if (sealed.length === 0) throw new Refusal('not-found', 'nothing is sealed beside this entry');
  const plaintext = vault.open(keySlot, sealingContext(index), sealed);
  if (plaintext === null) throw new Refusal(parseLeaf(leaf).k === 'reject' ? 'evidence-expired' : 'entry-erased');
  return plaintext;
};

const isDirectory = async (place: string): Promise<boolean> => {
  try {
    return (await stat(place)).isDirectory();
  } catch {
    return false;
  }
};
