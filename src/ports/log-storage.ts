/** One committed decision: the leaf, and the sealed event that the fold needs (empty where the leaf says everything). */
export interface WalRecord {
  readonly leaf: Uint8Array;
  /** AES-256-GCM under the vault key of `keySlot`; empty when there is nothing to seal. */
  readonly sealed: Uint8Array;
  readonly keySlot: number;
}

/**
 * The write-ahead log: the commit point.
 * Durability: `append` resolves only after fdatasync of every octet of the batch. Atomicity: after a crash a batch is there whole or not at all.
 * Compare-and-swap: `append` with an `expectedSize` that is not the size fails without writing; two writers never interleave.
 * A failed write or fsync is fatal: the log refuses everything afterwards (`log-unavailable`) and the process must restart; fsync is never retried.
 */
export interface WriteAheadLog {
  /** Number of durable records. */
  readonly size: number;
  append(expectedSize: number, records: readonly WalRecord[]): Promise<void>;
  /** Durable records from index `from` on, in order. */
  read(from: number): AsyncIterable<{ readonly index: number; readonly record: WalRecord }>;
  /** One durable record. @throws Refusal `not-found` */
  get(index: number): Promise<WalRecord>;
  close(): Promise<void>;
}

/**
 * Published, immutable log files by their path below the log's prefix (`checkpoint`, `tile/...`). `checkpoint` alone is replaced, atomically.
 * Durability: written octets are durable when `write` resolves. Absence: `read` resolves to null.
 */
export interface LogStorage {
  write(path: string, octets: Uint8Array): Promise<void>;
  read(path: string): Promise<Uint8Array | null>;
  remove(path: string): Promise<void>;
}

/** A small register that is replaced atomically and durably (last signed checkpoint, snapshot manifest). Absent: null. */
export interface Register {
  read(): Promise<Uint8Array | null>;
  write(octets: Uint8Array): Promise<void>;
}

/** Snapshots of the fold. A snapshot that is torn or does not match its digest is not returned. */
export interface SnapshotStorage {
  /**
   * Streams parts to a new snapshot at log size `size`, makes it durable, then the current one. `erasure`: index of the last `erase` leaf, or -1; no
   * snapshot that does not cover it is left when this resolves.
   */
  save(size: number, parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, erasure: number): Promise<void>;
  /** The newest whole snapshot at most `maxSize` records long, or null. */
  load(maxSize: number): Promise<{ readonly size: number; readonly parts: Iterable<Uint8Array> } | null>;
}
