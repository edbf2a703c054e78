import type { MappingStore } from '../ports/index.js';
import { packedProviders, providersOf, type Subject } from '../registry/index.js';

const DAY = 86_400;

interface Count {
  /** SIIs by the UTC day on which the last mapping of the provider runs out: days after `day` alone. */
  readonly days: Map<number, number>;
  /** The latest day on which somebody asked. */
  day: number;
  total: number;
}

/**
 * Under how many SIIs each provider has a mapping. Kept by each commit from the subject before and after; counted over the projection once, at a
 * start. At most a month of days for each provider. An SII counts until the UTC day on which it runs out begins.
 */
export class Population {
  readonly #counts = new Map<string, Count>();

  /** Counts everything that the store has; nothing is committed meanwhile. @throws Unavailable `store-unavailable` */
  static async count(store: Pick<MappingStore, 'entries'>): Promise<Population> {
    const population = new Population();
    const tell = (provider: string, until: number): void => population.#add(provider, until, 1);
    for await (const [, packed] of store.entries()) packedProviders(packed, tell);
    return population;
  }

  /** A subject becomes another one. */
  change(before: Subject | null, after: Subject | null): void {
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
