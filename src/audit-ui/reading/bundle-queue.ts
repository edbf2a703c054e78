import { Fault } from '../proof/fault.js';
import { TILE_WIDTH } from '../proof/tiles.js';
import { readLeaf } from './leaf.js';
import type { VerifiedLog } from './log.js';
import type { Rows } from './rows.js';

/** Bundles that are under way at once: over a network each costs a round trip. */
const AT_ONCE = 4;

/**
 * Reads the bundles of a log into rows, each proven before it counts: first what is looked at, then, if all was asked for, the rest,
 * newest first. Parsing and hashing go bundle by bundle, so that nobody who scrolls meanwhile waits for more than one.
 */
export class BundleQueue {
  /** Bundles that are not what the checkpoint says, or were not to be had. */
  readonly broken = new Map<number, Fault>();
  readonly #log: VerifiedLog;
  readonly #rows: Rows;
  readonly #onProgress: () => void;
  readonly #underWay = new Set<number>();
  #wanted: number[] = [];
  /** The next bundle of all; negative: all were begun. */
  #next = -1;
  #isClosed = false;

  constructor(log: VerifiedLog, rows: Rows, onProgress: () => void) {
    this.#log = log;
    this.#rows = rows;
    this.#onProgress = onProgress;
  }

  /** Has the entries from `begin` to before `end` read soon; what was asked for last comes first. */
  want(begin: number, end: number): void {
    const first = Math.floor(Math.max(0, begin) / TILE_WIDTH);
    const last = Math.min(this.#log.bundles, Math.ceil(end / TILE_WIDTH)) - 1;
    for (let bundle = first; bundle <= last; bundle += 1) this.#wanted.push(bundle);
    this.#pump();
  }

  readAll(): void {
    this.#next = this.#log.bundles - 1;
    this.#pump();
  }

  /** Finishes what is under way and begins nothing more. */
  stop(): void {
    this.#next = -1;
  }

  /** What is still under way counts no more: there is a newer checkpoint. */
  close(): void {
    this.#isClosed = true;
  }

  get isReadingAll(): boolean {
    return this.#next >= 0;
  }

  #isMissing(bundle: number): boolean {
    const last = bundle * TILE_WIDTH + this.#log.widthOf(bundle) - 1;
    return !this.#underWay.has(bundle) && !this.broken.has(bundle) && this.#rows.at(last) === undefined;
  }

  #pick(): number | null {
    for (let bundle = this.#wanted.pop(); bundle !== undefined; bundle = this.#wanted.pop()) if (this.#isMissing(bundle)) return bundle;
    while (this.#next >= 0 && !this.#isMissing(this.#next)) this.#next -= 1;
    return this.#next >= 0 ? this.#next : null;
  }

  #pump(): void {
    while (!this.#isClosed && this.#underWay.size < AT_ONCE) {
      const bundle = this.#pick();
      if (bundle === null) return;
      void this.#take(bundle);
    }
  }

  async #take(bundle: number): Promise<void> {
    this.#underWay.add(bundle);
    try {
      const entries = await this.#log.entries(bundle);
      if (!this.#isClosed) entries.forEach((octets, i) => this.#rows.add(bundle * TILE_WIDTH + i, readLeaf(octets)));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.broken.set(bundle, error);
    }
    this.#underWay.delete(bundle);
    this.#pump();
    this.#onProgress();
  }
}
