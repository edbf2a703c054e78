/**
 * Blocks of the search index, by number. Derived from the log: nothing is lost with them but the time to make them again.
 * Atomicity: a block is there whole or not at all, as it was or as it is written. Absence: null. `write` is durable when it resolves, since what was forgotten must
 * stay so.
 */
export interface SearchStorage {
  read(block: number): Promise<Uint8Array | null>;
  write(block: number, octets: Uint8Array): Promise<void>;
}
