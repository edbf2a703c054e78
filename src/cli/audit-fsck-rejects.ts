import type { FileWal } from '../adapters/files/index.js';
import { readRecords } from '../gateway/reject-batches.js';
import { checkRecord, countsOf, parseLeaf, peekLeaf, recordsOfBatch, type FsckProblem, type LeafBatch } from '../log/index.js';
import type { RejectRecords } from '../ports/index.js';
import { Refusal } from '../reasons/index.js';

/** That behind every batch leaf whose records are kept still stand the records that it says: so many, that hash to its root, for these reasons. */
export const fsckRejects = async (records: RejectRecords, wal: FileWal): Promise<FsckProblem | null> => {
  for await (const { index, record } of wal.read(0)) {
    if (peekLeaf(record.leaf).k !== 'batch') continue;
    const leaf = parseLeaf(record.leaf);
    const { batch, t } = leaf;
    if (batch === undefined) continue;
    const path = `rejects/${Buffer.from(batch.root, 'base64url').toString('hex')}`;
    const octets = await readRecords(records, batch, t);
    if (octets === null) return { path, what: `is missing, and entry ${index} speaks of it` };
    if (octets === 'expired') continue;
    try {
      checkBatch(octets, leaf, batch);
    } catch (error) {
      if (error instanceof Refusal) return { path, what: `is not what entry ${index} says: ${error.message}` };
      throw error;
    }
  }
  return null;
};

/** @throws Refusal `log-corrupt` */
const checkBatch = (octets: Uint8Array, leaf: ReturnType<typeof parseLeaf>, batch: LeafBatch): void => {
  const reasons = recordsOfBatch(octets, batch).map((record) => checkRecord(record, leaf).why);
  if (JSON.stringify(countsOf(reasons)) !== JSON.stringify(batch.why)) throw new Refusal('log-corrupt', 'other reasons');
};
