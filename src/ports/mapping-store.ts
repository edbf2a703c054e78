/** 16 octets of HMAC-SHA-256(pepper, canonical SII), as a latin1 string of 16 characters: compact as a Map key. */
export type SubjectId = string;

export const PARTITIONS = 4096;

/** DESIGN section 9: the partition is the first 12 bits of the HMAC. */
export const partitionOf = (id: SubjectId): number => (id.charCodeAt(0) << 4) | (id.charCodeAt(1) >> 4);

export interface PartitionBatch {
  readonly partition: number;
  /** Log position that the partition must be at before (the position of its last batch; 0 = never written). */
  readonly previous: number;
  /** Log position after: index of the last leaf that touched the partition, plus one. */
  readonly position: number;
  /** Packed subjects (registry/packed-subject). */
  readonly puts: ReadonlyArray<{ readonly id: SubjectId; readonly packed: Uint8Array }>;
}

/** A partition whole, as a snapshot holds it: records one after another, each 16 octets of id, u16 length, packed subject. */
export interface PartitionRecords {
  readonly partition: number;
  readonly position: number;
  readonly records: readonly Uint8Array[];
}

export interface StoreWhole {
  /** Records of every partition, as `PartitionRecords` has them. Each partition is at one moment; they may differ from one another. */
  dump(): Iterable<Uint8Array>;
  /** Fills partitions that were never written. */
  load(epoch: number, partitions: Iterable<PartitionRecords>): void;
}

/** Thrown when a partition is not at the expected position: it lost data or was rolled back, and must be replayed before it is read. */
export class StoreBehind extends Error {
  readonly partitions: readonly number[];
  constructor(partitions: readonly number[]) {
    super(`the store is behind the log in ${partitions.length} partitions`);
    this.partitions = partitions;
  }
}

/**
 * The projection of the log that lookups read. Dumb: no rule lives here.
 * Consistency: `get` after a resolved `apply` sees it. Atomicity: per partition, a batch is there whole or not at all, with its position.
 * Idempotence: applying a batch whose position the partition has reached already does nothing and succeeds.
 * Absence: null. A server that cannot be reached: Unavailable `store-unavailable`; whether an interrupted `apply` took effect is then unknown, and it may be repeated.
 * `epoch` fences: a store that has seen a higher epoch refuses a lower one with Unavailable `store-unavailable`.
 */
export interface MappingStore {
  /** `expected(partition)` is the log position that the caller knows the partition to have. @throws StoreBehind */
  get(ids: readonly SubjectId[], expected: (partition: number) => number): Promise<(Uint8Array | null)[]>;
  /** @throws StoreBehind when a partition is below `previous`. */
  apply(epoch: number, batches: readonly PartitionBatch[]): Promise<void>;
  /** How a store that forgets when the process ends is kept in a snapshot; others have none. */
  readonly whole?: StoreWhole;
  /** Position of every partition, PARTITIONS long. */
  positions(): Promise<Float64Array>;
  /** Empties these partitions (position 0), for a replay. */
  reset(epoch: number, partitions: readonly number[]): Promise<void>;
  /** Every subject, in no order; for fsck and snapshots. */
  entries(): AsyncIterable<readonly [SubjectId, Uint8Array]>;
  /** Resolves when the store answers. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
