/** One check-and-count: all of it is granted, or none of it. */
export interface QuotaCharge {
  /** Whose count: an HMAC in hex, never a domain. */
  readonly client: string;
  /** The epoch, by its first instant and the first after it; ms. */
  readonly epoch: { readonly start: number; readonly end: number };
  /** What is asked for, each once: integers below 2^52 made by an HMAC of the SII, never the SII. */
  readonly marks: readonly number[];
  readonly limit: number;
  /** A leaky bucket: its size, and how much drains in a millisecond. */
  readonly bucket: { readonly size: number; readonly drain: number };
  /** ms */
  readonly now: number;
  /** The count is at least this: what the caller has seen before, so that a store that forgot does not begin anew. */
  readonly floor: number;
}

export interface QuotaOutcome {
  /** Null: granted. `epoch`: more than the limit. `burst`: too much at once. */
  readonly over: 'epoch' | 'burst' | null;
  /** Distinct marks counted in the epoch, these included where granted. */
  readonly used: number;
  /** For each mark whether it was not counted before. */
  readonly fresh: readonly boolean[];
  /** ms until the bucket would take them; 0 unless `burst`, Infinity where it never will. */
  readonly wait: number;
}

/**
 * How many distinct SIIs each client was answered about. Atomic: of any number of charges at once, from any number of processes where the store is shared,
 * the distinct marks granted in an epoch are never more than the limit, and a charge is refused only where it would be more. A mark counts once.
 * What was granted when `charge` resolved is not forgotten until the epoch ends, but for what the adapter names.
 * A charge that rejects may have been counted.
 * @throws Unavailable `store-unavailable`: then nothing may be answered
 */
export interface QuotaStore {
  charge(charge: QuotaCharge): Promise<QuotaOutcome>;
  /** Distinct marks counted in the epoch. */
  used(client: string, epoch: QuotaCharge['epoch']): Promise<number>;
  close(): Promise<void>;
}

/** Where a store that is gone with its process keeps what it counts. One epoch at a time: the latest that was begun. */
export interface QuotaJournal {
  /** What was appended in the epoch that begins at `start`. Earlier ones are removed. */
  begin(start: number): Promise<Uint8Array>;
  /** Resolves when a dead process would not take it along. Calls of one turn are written together. @throws after a failure, always */
  append(octets: Uint8Array): Promise<void>;
  close(): Promise<void>;
}
