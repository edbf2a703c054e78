import { setImmediate as turn } from 'node:timers/promises';
import type { Clock, MappingStore } from '../ports/index.js';
import { asOf, unpackSubject } from '../registry/index.js';
import type { SearchIndex } from './search-index.js';
import type { CoverageState } from './use-cases.js';

export interface CoverageParts {
  readonly store: Pick<MappingStore, 'entries'>;
  /** Knows where the SII of each entry is. @throws Unavailable `search-unavailable` */
  readonly index: () => Pick<SearchIndex, 'areaOf'>;
  readonly clock: Clock;
}

/** ms: a walk over 10^6 subjects takes some seconds of a core, in slices; who asks more often gets the last. */
const FRESH = 60_000;
/** Subjects looked at in one go: some 2 ms. */
const SLICE = 256;
/** Counts are cut to two digits, and to hundreds: the growth of a small provider, or one number, is nobody's to watch. */
const LEAST = 100;

/** How many SIIs can be reached, by calling code, rounded down. The store knows no SII, so it is the log's entry of each that says where it is. */
export class Coverage {
  readonly #parts: CoverageParts;
  #last: { readonly state: CoverageState; readonly at: number } | null = null;
  #running: Promise<CoverageState> | null = null;
  #stopped = false;

  constructor(parts: CoverageParts) {
    this.#parts = parts;
  }

  /** What the last walk found; null: none was made. */
  get last(): CoverageState | null {
    return this.#last?.state ?? null;
  }

  /** @throws Unavailable `search-unavailable`, `store-unavailable` */
  async read(): Promise<CoverageState> {
    const now = this.#parts.clock.monotonic();
    if (this.#last !== null && now - this.#last.at < FRESH) return this.#last.state;
    this.#running ??= this.#walk().finally(() => {
      this.#running = null;
    });
    return await this.#running;
  }

  /** Ends a walk that is under way; what it found so far is its answer. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running?.catch(() => undefined);
  }

  async #walk(): Promise<CoverageState> {
    const { store, index, clock } = this.#parts;
    const places = index();
    const now = clock.now();
    const counts = new Map<string, number>();
    let looked = 0;
    for await (const [, packed] of store.entries()) {
      const [mapping] = asOf(unpackSubject(packed), now).mappings;
      const area = mapping === undefined ? null : places.areaOf(mapping.leafIndex);
      if (area !== null) counts.set(area, (counts.get(area) ?? 0) + 1);
      looked += 1;
      if (looked % SLICE === 0) await turn();
      if (this.#stopped) break;
    }
    const rounded = [...counts].map(([area, siis]) => ({ area, siis: rounding(siis) })).filter(({ siis }) => siis > 0);
    const state = { time: now, areas: rounded.toSorted((a, b) => b.siis - a.siis || (a.area < b.area ? -1 : 1)) };
    this.#last = { state, at: clock.monotonic() };
    return state;
  }
}

const rounding = (count: number): number => {
  const unit = Math.max(LEAST, 10 ** (Math.floor(Math.log10(Math.max(count, 1))) - 1));
  return Math.floor(count / unit) * unit;
};
