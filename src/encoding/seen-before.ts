/**
 * Whether a key was asked about before, lately. A door-keeper for caches: what comes once and never again (a credential for one number) is not
 * kept, so that it costs no memory that the garbage collector must move, and pushes nothing out that does come again. Bounded; each key overwrites
 * the mark of another, and two keys in some 10^9 are taken for one another, which lets one of them in at its first coming: no more than that.
 */
export class SeenBefore {
  readonly #marks: Int32Array;
  readonly #mask: number;

  /** @param limit how many keys are remembered; a power of two */
  constructor(limit = 32_768) {
    this.#marks = new Int32Array(limit);
    this.#mask = limit - 1;
  }

  /** True from the second time on. */
  has(key: string): boolean {
    // FNV-1a twice, from two offsets: one chooses the place, the other is the mark.
    let place = 0x811c9dc5;
    let mark = 0x01000193;
    for (let i = 0; i < key.length; i += 1) {
      const code = key.charCodeAt(i);
      place = Math.imul(place ^ code, 0x01000193);
      mark = Math.imul(mark ^ code, 0x85ebca6b);
    }
    const at = (place ^ (place >>> 15)) & this.#mask;
    // Zero is an empty place.
    const wanted = mark | 1;
    if (this.#marks[at] === wanted) return true;
    this.#marks[at] = wanted;
    return false;
  }
}
