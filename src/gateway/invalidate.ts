import { setImmediate as turn } from 'node:timers/promises';
import { Unavailable } from '../reasons/index.js';
import type { Clock, MappingStore, Vault, WriteAheadLog } from '../ports/index.js';
import type { CredentialBook } from './credential-book.js';
import type { CredentialClasses } from './credential-classes.js';
import { Standings, judgeBook, type Fallen } from './judged-book.js';
import type { Sequencer } from './sequencer.js';
import { Sweep } from './sweep.js';
import type { InvalidatedMappings, InvalidationState } from './use-cases.js';
import type { World } from './world.js';

/**
 * Credentials that no mapping names are left out of the book by a walk of the whole store: worth it once there may be twice as many as were needed,
 * and not for a few.
 */
const PRUNE_FACTOR = 2;
const PRUNE_LEAST = 10_000;
/** Credentials settled in one go: some 2 ms. */
const SLICE = 4096;

const UNKNOWN = 'mappings name credentials that the log does not know, and cannot fall with them: run audit fsck on the data directory';

export interface InvalidationParts {
  readonly world: () => World;
  readonly store: MappingStore;
  readonly wal: WriteAheadLog;
  readonly vault: Vault;
  readonly book: CredentialBook;
  readonly classes: CredentialClasses;
  readonly sequencer: Pick<Sequencer, 'level' | 'repairs' | 'exclusively' | 'revoke'>;
  readonly clock: Clock;
}

/**
 * Judges stored mappings again whenever a world was set, when a CRL of it begins to count, and once after a start (DESIGN section 7, revoke). The world comes first, then the sweep:
 * what was judged under the world before and is not committed yet is judged again at its commit, so nothing slips past the walk.
 * A sweep keeps no state that a crash could lose: what it has done is in the log, and the next start judges the whole book again.
 * A later world restarts it; a store or log that fails leaves it due, and `turn` tries again.
 */
export class Invalidation {
  readonly #parts: InvalidationParts;
  #due = false;
  /** ms: when credentials that stood under the world of the last judgement may fall under the same world. */
  #changesAt = Infinity;
  #started = false;
  #stopped = false;
  #running: Promise<void> | null = null;
  #problem: string | null = null;
  #fault: Error | null = null;
  #unknown = 0;
  readonly #mappings = new Map<string, { -readonly [member in keyof InvalidatedMappings]: InvalidatedMappings[member] }>();

  constructor(parts: InvalidationParts) {
    this.#parts = parts;
  }

  get state(): InvalidationState {
    const unknown = this.#unknown;
    const problem = this.#problem ?? (unknown === 0 ? null : UNKNOWN);
    return { pending: this.#due || this.#running !== null, problem, unknown, mappings: [...this.#mappings.values()] };
  }

  /** What no operator could mend, of the last sweep; for the log. */
  get fault(): Error | null {
    return this.#fault;
  }

  /**
   * At a start: judges the book. Where credentials have fallen since the last run a sweep is due, and until it is done the gateway says that it is not
   * ready. @throws Refusal `log-corrupt` when a class is missing
   */
  async judgeAtStart(): Promise<void> {
    const { fallen } = await this.#judge();
    if (fallen.size > 0) this.#problem = 'mappings of credentials that no longer stand are being removed';
    this.#due = fallen.size > 0 || this.#isPruneDue();
  }

  /** From now on sweeps may write to the log. */
  start(): void {
    this.#started = true;
    this.turn();
  }

  /** A world was set. */
  request(): void {
    this.#due = true;
    this.turn();
  }

  /** Begins what is due and not under way: what failed before, and what time has brought. */
  turn(): void {
    if (this.#parts.clock.now() >= this.#changesAt) this.#due = true;
    if (!this.#due || !this.#started || this.#stopped || this.#running !== null) return;
    this.#running = this.#run().finally(() => {
      this.#running = null;
    });
  }

  /** Resolves when no sweep is under way. */
  async idle(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  /** Ends the sweep at its next slice; the next start goes on. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.idle();
  }

  async #run(): Promise<void> {
    try {
      while (this.#due && !this.#stopped) {
        this.#due = false;
        await this.#sweep();
      }
      if (!this.#stopped) this.#problem = this.#fault = null;
    } catch (error) {
      const isOutage = error instanceof Unavailable;
      this.#due = isOutage;
      this.#fault = isOutage ? null : (error as Error);
      this.#problem = isOutage
        ? 'stored mappings cannot be judged again: store or log cannot be had'
        : "stored mappings cannot be judged again: see the gateway's log";
    }
  }

  async #sweep(): Promise<void> {
    const { sequencer, book, classes } = this.#parts;
    // Behind every commit that was decided under the world before, and with a store that has all of them.
    await sequencer.level();
    const { standings, fallen } = await this.#judge();
    if (fallen.size === 0 && !this.#isPruneDue()) return;
    const { repairs } = sequencer;
    const sweep = new Sweep(
      {
        ...this.#parts,
        renewed: async () => {
          if (!this.#due) return null;
          this.#due = false;
          return await this.#judge();
        },
        stopped: () => this.#stopped,
        count: (effect, reason, mappings) => this.#count(effect, reason, mappings),
      },
      standings,
      fallen,
    );
    book.beginWalk();
    try {
      const isWhole = await sweep.run();
      if (!this.#stopped) this.#unknown = sweep.unknown;
      await sequencer.level();
      // A store that had lost something may not have shown it to the walk.
      if (!isWhole || sequencer.repairs !== repairs) {
        this.#due = true;
        return;
      }
      // A store that disagrees with the log does not say what may be forgotten, nor that all is done.
      if (sweep.unknown > 0) return;
      await this.#settle(fallen);
      // What is being committed may name a class, and its credential is not in the book yet.
      await sequencer.exclusively(async () => classes.keep(book.endWalk()));
    } finally {
      book.abandonWalk();
    }
  }

  async #judge(): Promise<{ readonly standings: Standings; readonly fallen: Fallen }> {
    const { world, classes, book, clock } = this.#parts;
    const [current, at] = [world(), clock.now()];
    const standings = new Standings(current, classes, at);
    this.#changesAt = current.verifier.standingsChange(at);
    return { standings, fallen: await judgeBook(book, standings, () => turn()) };
  }

  /** What is registered meanwhile is told to the book, and stays unsettled. */
  async #settle(fallen: Fallen): Promise<void> {
    let settled = 0;
    for (const [credential, { key }] of fallen) {
      this.#parts.book.settle(credential, key);
      settled += 1;
      if (settled % SLICE === 0) await turn();
    }
  }

  #isPruneDue(): boolean {
    const { size, pruned } = this.#parts.book;
    return size > PRUNE_FACTOR * pruned + PRUNE_LEAST || this.#parts.classes.isCrowded;
  }

  #count(effect: InvalidatedMappings['effect'], reason: InvalidatedMappings['reason'], count: number): void {
    const key = `${effect} ${reason}`;
    const known = this.#mappings.get(key);
    if (known === undefined) this.#mappings.set(key, { effect, reason, count });
    else known.count += count;
  }
}
