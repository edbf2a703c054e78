import type { Clock } from '../../ports/index.js';
import type { FetchedAnswer } from './answer-reader.js';
import type { FetchBudget, Place } from './fetch-budget.js';
import { KEPT_LIMITS } from './limits.js';
import { storageSeconds } from './storage-time.js';

/** What an answer says, how many octets keeping it takes, and until when, in ms since 1970, it may be used at all. */
export interface ReadValue<T> {
  readonly value: T;
  readonly octets: number;
  readonly until: number;
}

export interface KeptFetchesParts<T> {
  readonly fetch: (url: string) => Promise<FetchedAnswer>;
  /** @throws when the answer is not what it should be; the failure is kept like another */
  readonly read: (octets: Buffer) => ReadValue<T>;
  readonly budget: FetchBudget;
  readonly clock: Clock;
  readonly capSeconds: number;
  /** Told of each question: whether it was answered from what is kept, and by a failure. */
  readonly observe: (outcome: 'hit' | 'failure-hit' | 'fetched' | { readonly failed: unknown }) => void;
}

type Kept<T> = ({ readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown }) & {
  readonly octets: number;
  /** ms of the monotonic clock. */
  readonly until: number;
  /** A refetch before this is answered with what the last one brought. */
  refetchFrom: number;
  refetchError: unknown;
};

/** A failure that is kept, and for how many seconds still. */
export class KeptFailure extends Error {
  override readonly name = 'KeptFailure';
  readonly seconds: number;

  constructor(cause: unknown, seconds: number) {
    super('failed lately', { cause });
    this.seconds = seconds;
  }
}

/**
 * Answers under their whole URL: one fetch at a time for each, kept as long as origin, budget and content allow, failures too. Bounded in octets;
 * what was used longest ago goes first. The same value is returned for the same fetch.
 */
export class KeptFetches<T> {
  readonly #parts: KeptFetchesParts<T>;
  readonly #kept = new Map<string, Kept<T>>();
  readonly #flights = new Map<string, Promise<T>>();
  #octets = 0;

  constructor(parts: KeptFetchesParts<T>) {
    this.#parts = parts;
  }

  get octets(): number {
    return this.#octets;
  }

  /** @throws OverBudget, KeptFailure, or as `fetch` and `read` */
  async get(url: string, host: string, client: string, fresh: boolean): Promise<{ readonly value: T; readonly cached: boolean }> {
    const now = this.#parts.clock.monotonic();
    const kept = this.#use(url, now);
    if (kept !== null && !(fresh && kept.ok)) return this.#answer(kept, now);
    if (kept !== null && kept.refetchFrom > now) {
      if (kept.refetchError !== null) throw new KeptFailure(kept.refetchError, (kept.refetchFrom - now) / 1000);
      return this.#answer(kept, now);
    }
    return { value: await (this.#flights.get(url) ?? this.#begin(url, host, client, kept)), cached: false };
  }

  #answer(kept: Kept<T>, now: number): { readonly value: T; readonly cached: boolean } {
    this.#parts.observe(kept.ok ? 'hit' : 'failure-hit');
    if (!kept.ok) throw new KeptFailure(kept.error, (kept.until - now) / 1000);
    return { value: kept.value, cached: true };
  }

  #begin(url: string, host: string, client: string, before: Kept<T> | null): Promise<T> {
    const place = this.#enter(client, host);
    const begun = place.waitMs > 0 ? pause(place.waitMs) : Promise.resolve();
    const flight = begun
      .then(() => this.#fetch(url, before))
      .finally(() => {
        place.leave();
        this.#flights.delete(url);
      });
    this.#flights.set(url, flight);
    return flight;
  }

  #enter(client: string, host: string): Place {
    try {
      return this.#parts.budget.enter(client, host);
    } catch (error) {
      this.#parts.observe({ failed: error });
      throw error;
    }
  }

  /** `before`: what is kept and to be replaced; it stays when nothing better comes. */
  async #fetch(url: string, before: Kept<T> | null): Promise<T> {
    const { fetch, read, clock, observe, capSeconds } = this.#parts;
    try {
      const { headers, octets } = await fetch(url);
      const { value, octets: size, until } = read(octets);
      observe('fetched');
      const now = clock.monotonic();
      const ms = Math.min(storageSeconds(headers, capSeconds) * 1000, until - clock.now());
      const refetchFrom = before === null ? 0 : now + KEPT_LIMITS.refetchSeconds * 1000;
      this.#set(url, { ok: true, value, octets: size, until: now + ms, refetchFrom, refetchError: null }, now);
      return value;
    } catch (error) {
      observe({ failed: error });
      const now = clock.monotonic();
      const until = now + KEPT_LIMITS.failureSeconds * 1000;
      if (before === null) this.#set(url, { ok: false, error, octets: 0, until, refetchFrom: 0, refetchError: null }, now);
      else Object.assign(before, { refetchFrom: until, refetchError: error });
      throw error;
    }
  }

  /** The entry, now the youngest; null when there is none or its time is up. */
  #use(url: string, now: number): Kept<T> | null {
    const kept = this.#kept.get(url);
    if (kept === undefined) return null;
    this.#drop(url, kept);
    if (kept.until <= now) return null;
    this.#put(url, kept);
    return kept;
  }

  #set(url: string, kept: Kept<T>, now: number): void {
    const old = this.#kept.get(url);
    if (old !== undefined) this.#drop(url, old);
    if (kept.until <= now) return;
    this.#put(url, kept);
    for (const [oldest, entry] of this.#kept) {
      if (this.#octets <= KEPT_LIMITS.octets) return;
      this.#drop(oldest, entry);
    }
  }

  #put(url: string, kept: Kept<T>): void {
    this.#kept.set(url, kept);
    this.#octets += costOf(url, kept);
  }

  #drop(url: string, kept: Kept<T>): void {
    this.#kept.delete(url);
    this.#octets -= costOf(url, kept);
  }
}

const costOf = (url: string, { octets }: { readonly octets: number }): number => KEPT_LIMITS.entryOctets + url.length + octets;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
