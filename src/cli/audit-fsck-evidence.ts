import { LAYOUT, type FileDocuments, type FileEvidence, type FileVault, type FileWal } from '../adapters/files/index.js';
import { evidenceContext } from '../gateway/evidence.js';
import { parseLeaf, peekLeaf, type FsckProblem } from '../log/index.js';
import { versionsInLeaf } from '../gateway/judged-again.js';
import type { EvidenceRecord } from '../ports/index.js';
import { Refusal } from '../reasons/index.js';

interface Parts {
  readonly wal: Pick<FileWal, 'read'>;
  readonly vault: Pick<FileVault, 'open'>;
  readonly evidence: Pick<FileEvidence, 'first' | 'read'>;
  readonly documents: Pick<FileDocuments, 'has' | 'get' | 'names'>;
}

/**
 * That every decision since evidence was kept has its own, under its own key, that it opens unless the key is gone, and that what its leaf says that it
 * was judged under is there. Whether the leaf follows from it is `audit replay`'s.
 * @throws Refusal `log-corrupt`
 */
export const fsckEvidence = async ({ wal, vault, evidence, documents }: Parts): Promise<FsckProblem | null> => {
  const kept = evidence.read(0)[Symbol.asyncIterator]();
  const named = new Set<string>();
  const missing: string[] = [];
  try {
    for await (const { index, record } of wal.read(evidence.first)) {
      const { k } = peekLeaf(record.leaf);
      const beside = (await kept.next()).value?.record;
      if (beside === undefined || beside.keySlot !== record.keySlot)
        return { path: LAYOUT.evidence, what: `has other keys than the log at entry ${index}` };
      if (k !== 'accept' && k !== 'reject') continue;
      if (beside.sealed.length === 0) return { path: LAYOUT.evidence, what: `has nothing of entry ${index}` };
      if (!opens(vault, index, beside)) return { path: LAYOUT.evidence, what: `does not open at entry ${index}` };
      const text = versionsText(record.leaf);
      if (named.has(text)) continue;
      named.add(text);
      for (const digest of Object.values(versionsInLeaf(parseLeaf(record.leaf)))) if (!documents.has(digest)) missing.push(digest);
    }
  } finally {
    await kept.return?.();
  }
  const [lacks] = missing;
  if (lacks !== undefined) return { path: `${LAYOUT.documents}/${lacks}`, what: 'is missing' };
  for (const digest of documents.names) await documents.get(digest);
  return null;
};

/** Also true where the key is gone. */
const opens = (vault: Parts['vault'], index: number, { sealed, keySlot }: EvidenceRecord): boolean => {
  try {
    vault.open(keySlot, evidenceContext(index), sealed);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
};

/** The members of a leaf that are its versions, raw: whole leaves are read for each new one alone. */
const versionsText = (leaf: Uint8Array): string => {
  const octets = Buffer.from(leaf.buffer, leaf.byteOffset, leaf.byteLength);
  const at = octets.indexOf('"pol":"');
  return octets.toString('latin1', at, octets.indexOf('"gw":"', at));
};
