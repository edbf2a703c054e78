import { refuse, Unavailable } from '../../reasons/index.js';

/** Each key once. Bounded: what does not fit is refused, since a key that was forgotten could come again. */
export class Once {
  readonly #limit: number;
  /** Until when each is remembered; ms. */
  readonly #until = new Map<string, number>();
  #nextSweep = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @throws Refusal `proof-replayed`; Unavailable `overloaded` */
  use(key: string, until: number, now: number): void {
    if ((this.#until.get(key) ?? 0) > now) return refuse('proof-replayed');
    if (this.#until.size >= this.#limit) this.#sweep(now);
    if (this.#until.size >= this.#limit) throw new Unavailable('overloaded');
    this.#until.set(key, until);
  }

  /** It came to nothing, and may come again. */
  forget(key: string): void {
    this.#until.delete(key);
  }

  #sweep(now: number): void {
    if (now < this.#nextSweep) return;
    for (const [key, until] of this.#until) if (until <= now) this.#until.delete(key);
    this.#nextSweep = now + 1_000;
  }
}
