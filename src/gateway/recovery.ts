import { refuse } from '../reasons/index.js';
import { Tree, leafHash } from '../log/index.js';
import {
  PARTITIONS,
  partitionOf,
  type MappingStore,
  type SnapshotStorage,
  type SubjectId,
  type Vault,
  type WriteAheadLog,
} from '../ports/index.js';
import { CredentialBook, credentialId } from './credential-book.js';
import { PrincipalTail } from './principal-decision.js';
import type { PrincipalChange } from './principal-record.js';
import { readJournalEntry, subjectsOf, type JournalEntry } from './journal.js';
import { Projection } from './projection.js';
import { restoreSnapshot, type RestoredSnapshot } from './snapshot.js';
import { SpentPassports, signingMark, spentKeys } from './spent-passports.js';

export interface RecoveryParts {
  readonly wal: WriteAheadLog;
  readonly vault: Pick<Vault, 'open' | 'erase'>;
  readonly snapshots: SnapshotStorage;
  readonly store: MappingStore;
  /** Whether the store forgets its subjects when the process ends. */
  readonly storeIsVolatile: boolean;
  readonly pepper: Uint8Array;
  readonly epoch: number;
}

export interface Recovered {
  readonly tree: Tree;
  readonly spent: SpentPassports;
  readonly book: CredentialBook;
  readonly projection: Projection;
  /** ms: time of the last leaf. */
  readonly time: number;
  /** What leaves since the snapshot say of principals: their records may not have been written. */
  readonly principals: readonly PrincipalChange[];
  /** Index of the last erasure since the snapshot, or -1: snapshots before it hold what was erased. */
  readonly lastErasure: number;
  /** Who was erased since the snapshot. */
  readonly erased: readonly SubjectId[];
}

/**
 * Start-up: the normal path, and the only way back after a crash. Snapshot, then the tail of the WAL, then whatever the store is behind by.
 * @throws Refusal `log-corrupt` naming what does not fit; nothing is ever repaired by guessing
 */
export const recover = async (parts: RecoveryParts): Promise<Recovered> => {
  const { wal, vault, pepper, store, epoch } = parts;
  const base = (await loadSnapshot(parts)) ?? emptyState();
  const { tree, spent, book, positions } = base;
  if (parts.storeIsVolatile) store.whole?.load(epoch, base.partitions);
  const projection = new Projection(store, epoch, positions);
  // The tail is read once. A store that is behind the snapshot itself is repaired afterwards, from where it is.
  const replay = projection.replayFrom(await store.positions(), vault);
  const isLevel = await holdsSnapshot(store, positions);
  const principals = new PrincipalTail();
  let { time } = base;
  let lastErasure = -1;
  const erased: SubjectId[] = [];
  for await (const { index, record } of wal.read(base.size)) {
    if (index !== tree.size) return refuse('log-corrupt', `entry ${index} is out of order`);
    tree.append(leafHash(record.leaf));
    const entry = readJournalEntry(vault, index, record);
    if (entry.leaf.t < time) return refuse('log-corrupt', `entry ${index} is earlier than the one before`);
    time = entry.leaf.t;
    if (entry.leaf.k === 'principal') principals.take(index, record.leaf);
    if (entry.erased !== null) {
      lastErasure = index;
      erased.push(entry.erased.id);
    }
    const ids = subjectsOf(entry, pepper);
    for (const id of ids) positions[partitionOf(id)] = index + 1;
    if (isLevel) await replay.push(ids, entry);
    remember(entry, spent, book);
  }
  await replay.end();
  await projection.repair({ wal, vault, pepper });
  return { tree, spent, book, projection, time, principals: principals.changes, lastErasure, erased };
};

/** What a commit keeps beside the subject: the PASSporT that is spent, and the credential that registered. */
const remember = ({ index, sealed }: JournalEntry, spent: SpentPassports, book: CredentialBook): void => {
  if (sealed === null || sealed.event.type === 'withdraw-by-connection') return;
  const { event, spent: facts, credential } = sealed;
  const { signer, jti, exp } = event;
  if (facts !== null) {
    const remembered = { index, signing: signingMark(facts.signingDigest), client: facts.client, exp };
    for (const key of spentKeys(signer, jti, facts)) spent.add(key, remembered);
  }
  const [fingerprint] = signer.fingerprints;
  if (credential !== null && fingerprint !== undefined) book.put(credentialId(fingerprint), credential);
};

/** Whether the store holds at least what the snapshot's positions demand. */
const holdsSnapshot = async (store: MappingStore, positions: Float64Array): Promise<boolean> =>
  (await store.positions()).every((position, partition) => position >= (positions[partition] as number));

const loadSnapshot = async ({ snapshots, wal }: RecoveryParts): Promise<RestoredSnapshot | null> => {
  const saved = await snapshots.load(wal.size);
  return saved === null ? null : restoreSnapshot(saved.parts);
};

const emptyState = (): RestoredSnapshot => ({
  size: 0,
  tree: new Tree(),
  time: 0,
  positions: new Float64Array(PARTITIONS),
  spent: new SpentPassports(),
  book: new CredentialBook(),
  partitions: [],
});
