/**
 * The records behind batch leaves: what was refused beyond a client's budget, kept for some days beside the log. Named by what they are: the day and the
 * root over them, so what is written twice is the same.
 * Durability: `save` resolves once the octets are on the disk. Absence: null. Days since 1970.
 */
export interface RejectRecords {
  /** @throws when it could not be written: then nothing, or nothing that a leaf names, is there */
  save(day: number, root: Uint8Array, octets: Uint8Array): Promise<void>;
  read(day: number, root: Uint8Array): Promise<Uint8Array | null>;
  /** The first day of which records are kept. */
  keptFrom(): Promise<number>;
  /** Removes the records of earlier days, for good. */
  keepFrom(day: number): Promise<void>;
}
