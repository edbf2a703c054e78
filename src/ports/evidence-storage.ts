/** What a decision was made from, sealed. */
export interface EvidenceRecord {
  /** Under the vault key of `keySlot`; empty for an entry that is no decision on a submission. */
  readonly sealed: Uint8Array;
  readonly keySlot: number;
}

/**
 * The sealed evidence of each entry of the log, under the entry's index.
 * Durability: `append` resolves once all of it is on the disk, and must resolve before the write-ahead log gets the entries. What a crash leaves of
 * entries that the write-ahead log did not get is cut off when it is opened. Absence: entries before `first` are of a log that kept no evidence yet.
 * A failed append is fatal: everything afterwards is Unavailable `log-unavailable`, and the process must restart.
 */
export interface EvidenceStorage {
  readonly first: number;
  /** Index that the next record gets. */
  readonly size: number;
  append(index: number, records: readonly EvidenceRecord[]): Promise<void>;
  /** Records from an index on, in order; from `first` where that is later. */
  read(from: number): AsyncIterable<{ readonly index: number; readonly record: EvidenceRecord }>;
  /** Null before `first`. @throws Refusal `not-found` */
  get(index: number): Promise<EvidenceRecord | null>;
  close(): Promise<void>;
}

/**
 * Documents under the SHA-256 of their octets, lower-case hex: what the version digests of leaves stand for. Never changed or removed.
 * Durability: `put` resolves once all of them are on the disk. Absence: null.
 */
export interface DocumentStorage {
  has(digest: string): boolean;
  put(documents: Iterable<StoredDocument>): Promise<void>;
  /** @throws Refusal `log-corrupt` when it is not what was put */
  get(digest: string): Promise<Uint8Array | null>;
}

export interface StoredDocument {
  readonly digest: string;
  /** The octets in order, made when they are asked for: most documents are there already. A piece is used before the next is asked for. */
  pieces(): Iterable<Uint8Array>;
}
