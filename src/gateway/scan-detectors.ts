/** What a caller's lookups look like. `hit-rate`: too few of them hit. `sequence`: too many lie next to one another. */
export type ScanKind = 'hit-rate' | 'sequence';

/** Wald's test as a CUSUM: of honest callers 0.35 or more hit, of a scan 0.10 or less; alpha 10^-6, beta 10^-3 (standards: private-lookup 4). */
const HIT = Math.log(0.1 / 0.35);
const MISS = Math.log(0.9 / 0.65);
const THRESHOLD = Math.log((1 - 1e-3) / 1e-6);

/** Numbers within so many of each other are neighbours. */
const NEAR = 100;
/** Numbers that a new one is compared with, and numbers among which neighbours are counted. */
const REMEMBERED = 512;
const WINDOW = 128;
/** Share of neighbours: a caller of one city has 0.04, a sweep of a block 0.87. */
const SHARE = 0.25;

const DAY_MS = 86_400_000;
/** ms: an alarm that goes on is told again after so long. */
const TOLD_AGAIN = 3_600_000;
const RECOVERY = 0.1;
const LEAST_HEALTH = 0.1;

/**
 * Watches the lookups of one caller that were newly counted. Bounded: some 5 KiB. It raises alarms and changes no limit: known numbers mixed in
 * evade the one test, a large range in random order the other (docs/adr/0014).
 */
export class ScanDetectors {
  #score = 0;
  readonly #numbers = new Float64Array(REMEMBERED);
  #seen = 0;
  readonly #near = new Uint8Array(WINDOW);
  #nearCount = 0;
  #health = 1;
  /** ms, of `health`. */
  #at = 0;
  readonly #told = new Map<ScanKind, number>();

  /** One lookup: the number, or null for an e-mail address; whether anything was found; ms. Gives what is to be told. */
  observe(number: number | null, isHit: boolean, now: number): ScanKind[] {
    const found: ScanKind[] = [];
    this.#score = Math.max(0, this.#score + (isHit ? HIT : MISS));
    if (this.#score >= THRESHOLD) {
      this.#score = 0;
      found.push('hit-rate');
    }
    if (number !== null && this.#isSequence(number)) found.push('sequence');
    const news = found.filter((kind) => now - (this.#told.get(kind) ?? -Infinity) >= TOLD_AGAIN);
    for (const kind of news) this.#told.set(kind, now);
    if (news.length > 0) this.#lower(now, news.length);
    return news;
  }

  /** 1: nothing was seen for long; halved by each alarm that was told, a tenth a day better. */
  health(now: number): number {
    return Math.min(1, this.#health + (Math.max(0, now - this.#at) / DAY_MS) * RECOVERY);
  }

  #lower(now: number, times: number): void {
    this.#health = Math.max(LEAST_HEALTH, this.health(now) / 2 ** times);
    this.#at = now;
  }

  #isSequence(number: number): boolean {
    const isNear = this.#hasNeighbour(number);
    const at = this.#seen % WINDOW;
    this.#nearCount += (isNear ? 1 : 0) - (this.#near[at] ?? 0);
    this.#near[at] = isNear ? 1 : 0;
    this.#numbers[this.#seen % REMEMBERED] = number;
    this.#seen += 1;
    return this.#seen >= WINDOW && this.#nearCount >= WINDOW * SHARE;
  }

  #hasNeighbour(number: number): boolean {
    const count = Math.min(this.#seen, REMEMBERED);
    const [low, high] = [number - NEAR, number + NEAR];
    for (let at = 0; at < count; at += 1) {
      const one = this.#numbers[at] ?? 0;
      if (one >= low && one <= high) return true;
    }
    return false;
  }
}
