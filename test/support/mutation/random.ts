/** Randomness with a seed, so that a run can be run again. Proves nothing about unpredictability: it is for tests. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 32 bits: mulberry32. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** 0 to `count` - 1; 0 where there is no other. */
  below(count: number): number {
    return Math.floor((this.#next() / 2 ** 32) * count);
  }

  octet(): number {
    return this.#next() & 0xff;
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError('nothing to pick from');
    return list[this.below(list.length)] as T;
  }

  octets(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.octet()));
  }
}
