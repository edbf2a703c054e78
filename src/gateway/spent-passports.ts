import { hash } from 'node:crypto';
import { HEAD_OCTETS, RecordTable, recordRuns } from '../registry/index.js';

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

const packSpent = ({ signing, index, exp, client }: Spent): Buffer => {
  const record = Buffer.allocUnsafe(HEAD + client.length);
  record.write(signing, 0, 16, 'latin1');
  record.writeUIntBE(index, 16, 6);
  record.writeUIntBE(exp, 22, 6);
  record.write(client, HEAD, 'latin1');
  return record;
};

const unpackSpent = (octets: Uint8Array): Spent => {
  const record = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  return {
    signing: record.toString('latin1', 0, 16),
    index: record.readUIntBE(16, 6),
    exp: record.readUIntBE(22, 6),
    client: record.toString('latin1', HEAD),
  };
};

/** Tables of one hour, by the first octet of the key: one that grows is copied, and a large one would stall what waits. */
const SHARDS = 256;
type Hour = RecordTable[];

const newHour = (): Hour => Array.from({ length: SHARDS }, () => new RecordTable());

/**
 * The replay memory: every accepted PASSporT under (signer SPKI, jti), until exp + 24 h.
 * Never keyed by the PASSporT's text or signature: both are malleable (RFC 7518 section 3.4 allows two signatures).
 * Grouped by the hour of exp, so that forgetting is dropping a whole group; in octets, since at a thousand a second for a day objects would be
 * several times as large, and a start would spend its time on them.
 */
export class SpentPassports {
  readonly #hours = new Map<number, Hour>();

  find(key: string): Spent | null {
    for (const hour of this.#hours.values()) {
      const record = hour[key.charCodeAt(0)]?.get(key) ?? null;
      if (record !== null) return unpackSpent(record);
    }
    return null;
  }

  add(key: string, spent: Spent): void {
    this.#hourOf(Math.floor(spent.exp / HOUR))[key.charCodeAt(0)]?.set(key, packSpent(spent));
  }

  #hourOf(number: number): Hour {
    let hour = this.#hours.get(number);
    if (hour === undefined) this.#hours.set(number, (hour = newHour()));
    return hour;
  }

  /** Forgets what may be forgotten at `now` (seconds). */
  purge(now: number): void {
    for (const hour of this.#hours.keys()) if ((hour + 1) * HOUR + MEMORY_SECONDS <= now) this.#hours.delete(hour);
  }

  /** Records as a snapshot keeps them: 16 octets of key, u16 length, packed record. */
  *dump(): Generator<Uint8Array> {
    for (const hour of this.#hours.values()) for (const table of hour) yield table.dump();
  }

  /** What `dump` gave, into an empty memory. @throws RangeError when a record is cut off */
  load(parts: Iterable<Buffer>): void {
    const groups = new Map<number, Uint8Array[]>();
    for (const part of parts) {
      const groupOf = (at: number): number => Math.floor(part.readUIntBE(at + HEAD_OCTETS + 22, 6) / HOUR) * SHARDS + (part[at] as number);
      for (const { group, run } of recordRuns(part, groupOf)) {
        const runs = groups.get(group);
        if (runs === undefined) groups.set(group, [run]);
        else runs.push(run);
      }
    }
    for (const [group, runs] of groups) this.#hourOf(Math.floor(group / SHARDS))[group % SHARDS]?.load(runs);
  }
}

/** The replay key: 16 octets of SHA-256(signer SPKI digest, jti), latin1. */
export const spentKey = (spkiDigest: Uint8Array, jti: string): string => keyOf(Buffer.concat([spkiDigest, Buffer.from(jti, 'latin1')]));

const keyOf = (octets: Uint8Array): string => hash('sha256', octets, 'binary').slice(0, 16);

export const signingMark = (signingDigest: Uint8Array): string => Buffer.from(signingDigest.subarray(0, 16)).toString('latin1');

/** Every key that an accepted PASSporT is remembered under. */
export const spentKeys = (
  signer: { readonly spkiDigest: Uint8Array },
  jti: string,
  facts: { readonly signingDigest: Uint8Array; readonly byReference: boolean },
): string[] => [spentKey(signer.spkiDigest, jti), ...(facts.byReference ? [referenceKey(facts.signingDigest)] : [])];

/**
 * A second key for PASSporTs with x5u: whether one was accepted must be known before its path is fetched, so without its signer's key.
 * 16 octets of SHA-256("x5u", digest of the signing input), latin1.
 */
export const referenceKey = (signingDigest: Uint8Array): string => keyOf(Buffer.concat([Buffer.from('x5u'), signingDigest]));
