import { setImmediate as turn } from 'node:timers/promises';
import { partitionOf, type MappingStore, type SubjectId } from '../ports/index.js';
import { Unavailable } from '../reasons/index.js';
import { packedProviders, providersOf, type Subject } from '../registry/index.js';

const DAY = 86_400;

interface Count {
  /** SIIs by the UTC day on which the last mapping of the provider runs out: days after `day` alone. */
  readonly days: Map<number, number>;
  /** The latest day on which somebody asked. */
  day: number;
  total: number;
}

/** Subjects counted before others have their turn: some 2 ms. */
const SLICE = 2048;

/**
 * Under how many SIIs each provider has a mapping. Kept by each commit from the subject before and after; counted over the store after a start, beside
 * the commits. At most a month of days for each provider. An SII counts until the UTC day on which it runs out begins.
 * Too few, never too many, until `isWhole`.
 */
export class Population {
  readonly #counts = new Map<string, Count>();
  /** Where the count has come to; null: it is whole. */
  #walk: Walk | null;
  #running: Promise<void> | null = null;
  #stopped = false;

  /** @param isCounted nothing was stored before */
  constructor(isCounted = true) {
    this.#walk = isCounted ? null : newWalk();
  }

  /** Counts everything that the store has. @throws Unavailable `store-unavailable` */
  static async count(store: Pick<MappingStore, 'entries'>): Promise<Population> {
    const population = new Population(false);
    await population.begin(store);
    return population;
  }

  /** Whether all that is stored is counted. */
  get isWhole(): boolean {
    return this.#walk === null;
  }

  /** Counts what is stored, if it is not and nobody does. @throws Unavailable `store-unavailable`: it may be begun again; `draining` once it was stopped */
  begin(store: Pick<MappingStore, 'entries'>): Promise<void> {
    if (this.isWhole) return Promise.resolve();
    // Who waits for the whole would ask again and again.
    if (this.#stopped) return Promise.reject(new Unavailable('draining'));
    this.#running ??= this.#count(store).finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** Ends a count that is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running?.catch(() => undefined);
  }

  /** A subject becomes another one: said before the store has it. */
  change(id: SubjectId, before: Subject | null, after: Subject | null): void {
    const walk = this.#walk;
    if (walk !== null && !hasPassed(walk, id)) {
      // The store may be read with the subject as it was, as it is, or not yet: what counts is what is said here, from now on.
      const isFirst = !walk.told.has(id);
      walk.told.add(id);
      this.#replace(isFirst ? null : before, after);
      return;
    }
    this.#replace(before, after);
  }

  async #count(store: Pick<MappingStore, 'entries'>): Promise<void> {
    const walk = newWalk();
    this.#counts.clear();
    this.#walk = walk;
    const tell = (provider: string, until: number): void => this.#add(provider, until, 1);
    let looked = 0;
    for await (const [id, packed] of store.entries()) {
      enter(walk, partitionOf(id));
      if (!walk.told.has(id)) packedProviders(packed, tell);
      walk.seen.add(id);
      looked += 1;
      if (looked % SLICE === 0) await turn();
      if (this.#stopped) return;
    }
    this.#walk = null;
  }

  #replace(before: Subject | null, after: Subject | null): void {
    const [had, has] = [providersOf(before), providersOf(after)];
    for (const [provider, until] of had) if (has.get(provider) !== until) this.#add(provider, until, -1);
    for (const [provider, until] of has) if (had.get(provider) !== until) this.#add(provider, until, 1);
  }

  /** SIIs that count for this provider at `now`, ms. */
  of(provider: string, now: number): number {
    const count = this.#counts.get(provider);
    if (count === undefined) return 0;
    const today = Math.floor(now / 1000 / DAY);
    if (today > count.day) {
      count.day = today;
      for (const [day, siis] of count.days) {
        if (day > today) continue;
        count.total -= siis;
        count.days.delete(day);
      }
    }
    return count.total;
  }

  #add(provider: string, until: number, change: number): void {
    let count = this.#counts.get(provider);
    if (count === undefined) this.#counts.set(provider, (count = { days: new Map(), day: 0, total: 0 }));
    const day = Math.floor(until / DAY);
    // It ran out, and went with its day.
    if (day <= count.day) return;
    const siis = (count.days.get(day) ?? 0) + change;
    if (siis === 0) count.days.delete(day);
    else count.days.set(day, siis);
    count.total += change;
  }
}

/** A walk over the store, one partition after the other, each once. */
interface Walk {
  partition: number;
  /** Subjects of this partition that were counted. */
  seen: Set<SubjectId>;
  /** Subjects that changed before the walk came to them. */
  readonly told: Set<SubjectId>;
}

const newWalk = (): Walk => ({ partition: -1, seen: new Set(), told: new Set() });

const enter = (walk: Walk, partition: number): void => {
  if (partition === walk.partition) return;
  walk.partition = partition;
  walk.seen = new Set();
};

const hasPassed = ({ partition, seen, told }: Walk, id: SubjectId): boolean => {
  if (told.has(id)) return false;
  const own = partitionOf(id);
  return own < partition || (own === partition && seen.has(id));
};
