import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  FileDocuments,
  FileEvidence,
  FileVault,
  LAYOUT,
  openKeys,
  openWal,
  readPublicKeys,
  type FileWal,
} from '../adapters/files/index.js';
import { CannotRun } from './audit-report.js';

/** A data directory, read only, also beside a gateway that runs on it. */
export interface ReplaySource {
  readonly wal: FileWal;
  readonly vault: FileVault;
  readonly evidence: FileEvidence;
  readonly documents: FileDocuments;
  readonly pepper: Uint8Array;
  close(): Promise<void>;
}

/** @param now ms: keys whose day has passed by then are gone. @throws CannotRun; Refusal `log-corrupt`; StorageFault */
export const openReplaySource = async (place: string, now: number): Promise<ReplaySource> => {
  const isPlace = await stat(join(place, LAYOUT.wal)).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isPlace) throw new CannotRun(`${place} is neither a data directory nor an opened entry`);
  const keys = join(place, LAYOUT.keys);
  const { origin } = await readPublicKeys(keys);
  const { pepper, vaultKey } = await openKeys(keys, { origin, mayCreate: false });
  const opened: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    for (const part of opened.splice(0)) await part.close();
  };
  const keep = <T extends { close(): Promise<void> }>(part: T): T => {
    opened.push(part);
    return part;
  };
  try {
    // The log first: what is opened later holds all that it speaks of.
    const wal = keep(await openWal(join(place, LAYOUT.wal), { readOnly: true }));
    const vault = keep(await FileVault.open(join(place, LAYOUT.vault), { vaultKey, clock: { now: () => now }, readOnly: true }));
    const evidence = keep(await FileEvidence.open(join(place, LAYOUT.evidence), { logSize: wal.size, readOnly: true }));
    return { wal, vault, evidence, documents: await FileDocuments.open(join(place, LAYOUT.documents)), pepper, close };
  } catch (error) {
    await close();
    throw error;
  }
};
