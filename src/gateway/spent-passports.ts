import { createHash } from 'node:crypto';

/** What is remembered of an accepted PASSporT. */
export interface Spent {
  /** Index of its leaf. */
  readonly index: number;
  /** First 16 octets of the SHA-256 of its signing input, latin1. */
  readonly signing: string;
  /** Domain of the client that presented it. */
  readonly client: string;
  /** Seconds. */
  readonly exp: number;
}

/** DESIGN section 7: the first answer is given until exp + 24 h. */
const MEMORY_SECONDS = 24 * 3600;
const HOUR = 3600;

/**
 * The replay memory: every accepted PASSporT under (signer SPKI, jti), until exp + 24 h.
 * Never keyed by the PASSporT's text or signature: both are malleable (RFC 7518 section 3.4 allows two signatures).
 * Grouped by the hour of exp, so that forgetting is dropping a whole group.
 */
export class SpentPassports {
  readonly #hours = new Map<number, Map<string, Spent>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  find(key: string): Spent | null {
    for (const group of this.#hours.values()) {
      const spent = group.get(key);
      if (spent !== undefined) return spent;
    }
    return null;
  }

  add(key: string, spent: Spent): void {
    const hour = Math.floor(spent.exp / HOUR);
    let group = this.#hours.get(hour);
    if (group === undefined) this.#hours.set(hour, (group = new Map()));
    if (!group.has(key)) this.#size += 1;
    group.set(key, spent);
  }

  /** Forgets what may be forgotten at `now` (seconds). */
  purge(now: number): void {
    for (const [hour, group] of this.#hours) {
      if ((hour + 1) * HOUR + MEMORY_SECONDS > now) continue;
      this.#size -= group.size;
      this.#hours.delete(hour);
    }
  }

  *entries(): IterableIterator<readonly [string, Spent]> {
    for (const group of this.#hours.values()) yield* group.entries();
  }
}

/** The replay key: 16 octets of SHA-256(signer SPKI digest, jti), latin1. */
export const spentKey = (spkiDigest: Uint8Array, jti: string): string =>
  createHash('sha256').update(spkiDigest).update(jti, 'latin1').digest().subarray(0, 16).toString('latin1');

export const signingMark = (signingDigest: Uint8Array): string => Buffer.from(signingDigest.subarray(0, 16)).toString('latin1');
