/**
 * What an ACME server ever did, in order: JSON values, appended only.
 * Durability: `append` resolves only once the entry is on the disk; after a crash it is there whole or not at all, and every entry before it is.
 * A failed write is fatal: the journal refuses everything afterwards (`log-unavailable`) and the process must restart; a sync is never retried.
 */
export interface AcmeJournal {
  append(entry: object): Promise<void>;
  /** Every durable entry, in order. Read once, at start. */
  read(): Promise<readonly unknown[]>;
  close(): Promise<void>;
}
