/**
 * Whether a key was asked about before, lately. A door-keeper for caches: what comes once and never again (a credential for one number) is not
 * kept, so that it costs no memory that the garbage collector must move, and pushes nothing out that does come again. Bounded; forgets by generations.
 */
export class SeenBefore {
  readonly #limit: number;
  #young = new Set<string>();
  #old = new Set<string>();

  constructor(limit = 16_384) {
    this.#limit = limit;
  }

  /** True from the second time on. Keys should be short. */
  has(key: string): boolean {
    if (this.#young.has(key) || this.#old.has(key)) return true;
    if (this.#young.size >= this.#limit) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    this.#young.add(key);
    return false;
  }
}
