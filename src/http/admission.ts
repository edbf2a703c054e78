import type { ServerResponse } from 'node:http';
import { Unavailable } from '../reasons/index.js';
import { LIMITS } from './limits.js';
import type { Route } from './route.js';

export interface AdmissionLimits {
  readonly inFlight: number;
  readonly inFlightPerClient: number;
  readonly inFlightReserve: number;
  readonly linesInAll: number;
}

/** Judging a line is synchronous work: after so many, of all streams together, everybody else gets a turn. Some 5 ms of cold PASSporTs. */
const LINES_PER_TURN = 16;

/**
 * Who is let in: sheds before a body is read, since work that is begun and then given up is the dearest.
 * Lookups and submissions go first, giving up mappings last, health never.
 */
export class Admission {
  readonly lines: Slots;
  readonly turns = new Turns(LINES_PER_TURN);
  /** Who reads at its own pace holds its place among all requests that long. */
  readonly monitors = new ClientPlaces(LIMITS.monitorsPerClient);
  readonly searches = new ClientPlaces(LIMITS.searchesPerClient);
  readonly documents = new ClientPlaces(LIMITS.documentsPerClient);
  /** One thread of the pool, in which files are synced too: strangers must not stand before a commit. */
  readonly compressions = new Slots(1);
  readonly #limits: AdmissionLimits;
  /** One small object for each client ever seen, of whom policy names a bounded number; to take it out and in again would cost more. */
  readonly #clients = new Map<string, { inFlight: number }>();
  readonly #drainListeners = new Set<() => void>();
  #inFlight = 0;
  #draining = false;

  constructor(limits: AdmissionLimits = LIMITS) {
    this.#limits = limits;
    this.lines = new Slots(limits.linesInAll);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** From here on only routes of urgency `always` are answered. */
  startDraining(): void {
    this.#draining = true;
    for (const listener of this.#drainListeners) listener();
  }

  /** Calls the listener when draining begins; returns how to take it back. */
  onDrain(listener: () => void): () => void {
    this.#drainListeners.add(listener);
    return () => this.#drainListeners.delete(listener);
  }

  /** @throws Unavailable `draining`, `overloaded` */
  enter(urgency: Route['urgency'], client: string | null): void {
    if (urgency !== 'always') this.#check(urgency, client);
    this.#inFlight += 1;
    if (client !== null) this.#countOf(client).inFlight += 1;
  }

  leave(client: string | null): void {
    this.#inFlight -= 1;
    if (client !== null) this.#countOf(client).inFlight -= 1;
  }

  #countOf(client: string): { inFlight: number } {
    let count = this.#clients.get(client);
    if (count === undefined) {
      count = { inFlight: 0 };
      this.#clients.set(client, count);
    }
    return count;
  }

  #check(urgency: Route['urgency'], client: string | null): void {
    if (this.#draining) throw new Unavailable('draining', undefined, null, 1);
    const reserve = urgency === 'reserved' ? this.#limits.inFlightReserve : 0;
    if (this.#inFlight >= this.#limits.inFlight + reserve) throw new Unavailable('overloaded', undefined, null, 1);
    if (client !== null && this.#countOf(client).inFlight >= this.#limits.inFlightPerClient + reserve)
      throw new Unavailable('overloaded', 'requests of this client', null, 1);
  }
}

/** So many places for each client; who has all of its own is turned away. */
export class ClientPlaces {
  readonly #most: number;
  readonly #taken = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Until all of the response is taken, or its connection is gone: so much is in memory for who does not read. @throws Unavailable `overloaded` */
  hold(client: string, response: Pick<ServerResponse, 'once'>): void {
    this.enter(client);
    response.once('close', () => this.leave(client));
  }

  /** @throws Unavailable `overloaded` */
  enter(client: string): void {
    const taken = this.#taken.get(client) ?? 0;
    if (taken >= this.#most) throw new Unavailable('overloaded', 'requests of this client', null, 1);
    this.#taken.set(client, taken + 1);
  }

  leave(client: string): void {
    const left = (this.#taken.get(client) ?? 0) - 1;
    if (left > 0) this.#taken.set(client, left);
    else this.#taken.delete(client);
  }
}

/** A counted number of places; who finds none waits in line. */
export class Slots {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(places: number) {
    this.#free = places;
  }

  async take(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}

/** At most so many pieces of synchronous work in one turn of the event loop, whoever has them; the others wait in line for the next one. */
export class Turns {
  readonly #perTurn: number;
  readonly #waiting: (() => void)[] = [];
  #left: number;
  #scheduled = false;

  constructor(perTurn: number) {
    this.#perTurn = perTurn;
    this.#left = perTurn;
  }

  async take(): Promise<void> {
    this.#schedule();
    if (this.#left > 0) this.#left -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#next());
  }

  #next(): void {
    this.#scheduled = false;
    const next = this.#waiting.splice(0, this.#perTurn);
    this.#left = this.#perTurn - next.length;
    if (next.length > 0) this.#schedule();
    for (const go of next) go();
  }
}
