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
/** Of a record: 16 octets of the signing mark, 6 of the index, 6 of exp, then the client's domain. */
const HEAD = 28;
const scratch = Buffer.alloc(HEAD);

/** One latin1 string each: at a thousand a second for a day, objects would be several times as large, and a start would spend its time on them. */
export const packSpent = ({ signing, index, exp, client }: Spent): string => {
  scratch.write(signing, 0, 16, 'latin1');
  scratch.writeUIntBE(index, 16, 6);
  scratch.writeUIntBE(exp, 22, 6);
  return scratch.toString('latin1') + client;
};

const unpackSpent = (record: string): Spent => {
  scratch.write(record, 0, HEAD, 'latin1');
  return {
    signing: record.slice(0, 16),
    index: scratch.readUIntBE(16, 6),
    exp: scratch.readUIntBE(22, 6),
    client: record.slice(HEAD),
  };
};

/** Seconds: exp in a packed record's octets. */
export const expOfPacked = (octets: Buffer, at: number): number => octets.readUIntBE(at + 22, 6);

/**
 * The replay memory: every accepted PASSporT under (signer SPKI, jti), until exp + 24 h.
 * Never keyed by the PASSporT's text or signature: both are malleable (RFC 7518 section 3.4 allows two signatures).
 * Grouped by the hour of exp, so that forgetting is dropping a whole group.
 */
export class SpentPassports {
  readonly #hours = new Map<number, Map<string, string>>();

  find(key: string): Spent | null {
    for (const group of this.#hours.values()) {
      const record = group.get(key);
      if (record !== undefined) return unpackSpent(record);
    }
    return null;
  }

  add(key: string, spent: Spent): void {
    this.addPacked(key, packSpent(spent), spent.exp);
  }

  addPacked(key: string, record: string, exp: number): void {
    const hour = Math.floor(exp / HOUR);
    let group = this.#hours.get(hour);
    if (group === undefined) this.#hours.set(hour, (group = new Map()));
    group.set(key, record);
  }

  /** Forgets what may be forgotten at `now` (seconds). */
  purge(now: number): void {
    for (const hour of this.#hours.keys()) if ((hour + 1) * HOUR + MEMORY_SECONDS <= now) this.#hours.delete(hour);
  }

  /** Keys and packed records. */
  *entries(): IterableIterator<readonly [string, string]> {
    for (const group of this.#hours.values()) yield* group.entries();
  }
}

/** The replay key: 16 octets of SHA-256(signer SPKI digest, jti), latin1. */
export const spentKey = (spkiDigest: Uint8Array, jti: string): string =>
  createHash('sha256').update(spkiDigest).update(jti, 'latin1').digest().subarray(0, 16).toString('latin1');

export const signingMark = (signingDigest: Uint8Array): string => Buffer.from(signingDigest.subarray(0, 16)).toString('latin1');
