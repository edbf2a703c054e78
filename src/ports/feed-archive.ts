/**
 * The last good feed of numbering data of each name, beyond restarts: its record, and the files of rows that the record names by their SHA-256.
 * Durability: what resolves is on the disk. Atomicity: after a crash the old record or the new one, whole, and whatever rows either names. One caller at a
 * time for one name.
 */
export interface FeedArchive {
  /** Null: nothing was kept under the name. */
  read(name: string): Promise<Uint8Array | null>;
  /** Copies a file of rows, which counts for nothing until a record names it. @throws Unavailable when it could not */
  stage(name: string, sha256: string, from: string): Promise<void>;
  /** Where the rows of that SHA-256 are. */
  pathOf(name: string, sha256: string): string;
  /** Replaces the record; rows that it does not name are removed. @throws Unavailable when it could not be written: the old one stands, or the new one */
  save(name: string, record: Uint8Array, rows: readonly string[]): Promise<void>;
}
