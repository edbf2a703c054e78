/** So many entries that few segments are searched (a million: 123, some 10 us), so few that sorting one takes a millisecond. */
const SEGMENT = 1 << 13;
const FIRST_ROOM = 64;
/** Marks have 21 bits and offsets 32: together what a double holds exactly. */
const MARK_BITS = 21;
const OFFSETS = 2 ** 32;

/** FNV-1a with a last mixing step. Not keyed: who makes serial numbers collide makes `find` look at more entries, and nothing else. */
const markOf = (issuer: number, octets: Uint8Array, from: number, to: number): number => {
  let hash = Math.imul(0x811c9dc5 ^ issuer, 0x01000193);
  for (let i = from; i < to; i += 1) hash = Math.imul(hash ^ (octets[i] as number), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> (32 - MARK_BITS);
};

/** The first place whose key is not below. */
const lowerBound = (keys: Float64Array, key: number): number => {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as number) < key) low = middle + 1;
    else high = middle;
  }
  return low;
};

/**
 * Offsets of CRL entries by a hash of (certificate issuer, serial number), in sorted segments of doubles: 8 octets an entry and nothing for the garbage
 * collector to walk. Filling costs the same whatever the serial numbers are. A hit is a candidate: the caller compares what stands at the offset.
 */
export class CrlIndex {
  readonly #sealed: Float64Array[] = [];
  #open = new Float64Array(FIRST_ROOM);
  #used = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Octets that the index holds. */
  get size(): number {
    return this.#sealed.reduce((sum, { byteLength }) => sum + byteLength, this.#open.byteLength);
  }

  /** The serial number stands at `octets[from..to)`, its entry at `offset`, which a DER length of four octets keeps below 2^32. */
  add(issuer: number, octets: Uint8Array, from: number, to: number, offset: number): void {
    if (this.#used === this.#open.length) this.#makeRoom();
    this.#open[this.#used] = markOf(issuer, octets, from, to) * OFFSETS + offset;
    this.#used += 1;
    this.#count += 1;
  }

  #makeRoom(): void {
    if (this.#open.length === SEGMENT) {
      this.seal();
      this.#open = new Float64Array(SEGMENT);
      return;
    }
    const wider = new Float64Array(2 * this.#open.length);
    wider.set(this.#open);
    this.#open = wider;
  }

  /** Must be called after the last `add`: what is not sealed is not found. */
  seal(): void {
    if (this.#used > 0) this.#sealed.push(this.#open.slice(0, this.#used).sort());
    this.#open = new Float64Array(0);
    this.#used = 0;
  }

  /** Offsets of entries with that hash, those added first in a segment first. */
  *candidates(issuer: number, serial: Uint8Array): Generator<number> {
    const key = markOf(issuer, serial, 0, serial.length) * OFFSETS;
    for (const keys of this.#sealed) {
      for (let at = lowerBound(keys, key); at < keys.length && (keys[at] as number) < key + OFFSETS; at += 1) {
        yield (keys[at] as number) - key;
      }
    }
  }
}
