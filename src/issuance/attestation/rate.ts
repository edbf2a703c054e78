const HOUR = 3_600_000;

export interface RateLimit {
  readonly perHour: number;
  /** So many at once. */
  readonly burst: number;
}

/**
 * A rate for each of many keys: the generic cell rate algorithm (ITU-T I.371), which keeps one time a key. Bounded: when so many keys are within
 * their hour that no more fit, the next new one is refused, for to forget a key would give it its burst again.
 */
export class Rate {
  readonly #interval: number;
  readonly #tolerance: number;
  readonly #limit: number;
  /** When the key would be as if it had never come; ms. */
  readonly #arrivals = new Map<string, number>();
  #nextSweep = 0;

  /** @param limit how many keys are kept at most */
  constructor({ perHour, burst }: RateLimit, limit: number) {
    this.#interval = HOUR / perHour;
    this.#tolerance = (burst - 1) * this.#interval;
    this.#limit = limit;
  }

  /** Milliseconds after which there is one to take; 0: now. */
  wait(key: string, now: number): number {
    return Math.max(0, (this.#arrivals.get(key) ?? 0) - now - this.#tolerance);
  }

  /** Takes one at `now`, ms on a clock that never steps. 0: taken; else ms after which there is one, and nothing was taken. */
  take(key: string, now: number): number {
    const arrival = Math.max(this.#arrivals.get(key) ?? 0, now);
    const wait = this.wait(key, now);
    if (wait > 0) return wait;
    if (!this.#arrivals.has(key) && !this.#hasRoom(now)) return this.#interval;
    this.#arrivals.set(key, arrival + this.#interval);
    return 0;
  }

  #hasRoom(now: number): boolean {
    if (this.#arrivals.size < this.#limit) return true;
    if (now < this.#nextSweep) return false;
    for (const [key, arrival] of this.#arrivals) if (arrival <= now) this.#arrivals.delete(key);
    // A sweep reads all keys: not again at once when it freed nothing.
    this.#nextSweep = now + 1_000;
    return this.#arrivals.size < this.#limit;
  }
}
