import { createHash } from 'node:crypto';
import { openDataDirectory, type DataDirectory, type FileSystem } from '../../src/adapters/files/index.js';
import { encodeEvidence, evidenceContext } from '../../src/gateway/evidence.js';
import { Publisher } from '../../src/gateway/publish.js';
import { sealingContext } from '../../src/gateway/journal.js';
import { Tree, encodeLeaf, leafHash } from '../../src/log/index.js';
import { testLeaf } from './log-fixtures.js';

export const ORIGIN = 'log.example/log';
const NOON = 1_795_521_600_000;

export interface Progress {
  /** Records whose append was answered. */
  readonly committed: number;
  /** Size of the newest checkpoint whose publication was answered. */
  readonly published: number;
}

const SUBMITTED = encodeEvidence({
  kind: 'withdrawal',
  client: { domain: 'a.example', kind: 'ap', class: 'consumer', spc: null },
  sii: 'tel:+12025550100',
  ssi: 'mimi://a.example/u/alice',
});

export const openRun = (directory: string, fs?: FileSystem): Promise<DataDirectory> =>
  openDataDirectory(directory, { origin: ORIGIN, clock: { now: () => NOON }, ...(fs === undefined ? {} : { fs }) });

export const treeOf = async (data: DataDirectory): Promise<Tree> => {
  const tree = new Tree();
  for await (const { record } of data.wal.read(0)) tree.append(leafHash(record.leaf));
  return tree;
};

/** Refusals, so that no mapping depends on the made-up evidence. */
export const refusalEntry = (n: number): Buffer => encodeLeaf(testLeaf(n, { k: 'reject', why: 'tn-out-of-scope' }));

/** What the versions of `testLeaf` are digests of. */
const DOCUMENTS = ['policy', 'trust', 'numbering', 'revocation'].map((text) => ({
  digest: createHash('sha256').update(text).digest('hex'),
  pieces: () => [Buffer.from(text)],
}));

/** Appends refusals as a gateway does: with keys, evidence, and the documents that they were judged under. */
export const appendRefusals = async (data: DataDirectory, leaves: readonly Buffer[]): Promise<void> => {
  const base = data.wal.size;
  const slot = data.vault.newSlot();
  const records = leaves.map((leaf, i) => ({
    leaf,
    sealed: data.vault.seal(slot, sealingContext(base + i), Buffer.from(`evidence ${base + i}`)),
    keySlot: slot,
  }));
  const evidence = records.map((_, i) => ({ sealed: data.vault.seal(slot, evidenceContext(base + i), SUBMITTED), keySlot: slot }));
  await data.documents.put(DOCUMENTS);
  await Promise.all([data.vault.flush(), data.evidence.append(base, evidence)]);
  await data.wal.append(base, records);
};

/** What a gateway does to its data directory, batch after batch: keys, records, checkpoints, snapshots. */
export const runBatches = async (
  data: DataDirectory,
  batches: number,
  perBatch: number,
  tell: (progress: Progress) => void,
): Promise<void> => {
  const publisher = await Publisher.start(
    { wal: data.wal, storage: data.tiles, lastSigned: data.lastSigned, signer: data.keys.log },
    await treeOf(data),
  );
  for (let batch = 0; batch < batches; batch += 1) {
    const base = data.wal.size;
    await appendRefusals(
      data,
      Array.from({ length: perBatch }, (_, i) => refusalEntry(base + i)),
    );
    tell({ committed: data.wal.size, published: publisher.publishedSize });
    if (batch % 2 === 1) await publisher.publish();
    if (batch % 2 === 1) await data.snapshots.save(data.wal.size, [Buffer.from('not a gateway snapshot')], -1);
    tell({ committed: data.wal.size, published: publisher.publishedSize });
  }
};
