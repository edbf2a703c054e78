import { encodeBase64url } from '../../encoding/index.js';
import type { AcmeJournal, RandomSource } from '../../ports/index.js';
import { parseEvent, type AcmeEvent } from './event.js';
import { AcmeState } from './state.js';

/**
 * State and journal as one: an event is durable before it has any effect, and what the journal does not hold never happened.
 * Work that reads state and then writes runs in `alone`, one piece at a time.
 */
export class AcmeRecords {
  readonly state = new AcmeState();
  readonly #journal: AcmeJournal;
  readonly #random: RandomSource;
  readonly #now: () => number;
  #last: Promise<unknown> = Promise.resolve();
  #failed = false;

  private constructor(journal: AcmeJournal, random: RandomSource, now: () => number) {
    this.#journal = journal;
    this.#random = random;
    this.#now = now;
  }

  /** @param now ms since 1970 @throws Error when the journal is broken */
  static async open(journal: AcmeJournal, random: RandomSource, now: () => number): Promise<AcmeRecords> {
    const records = new AcmeRecords(journal, random, now);
    try {
      (await journal.read()).forEach((entry, index) => records.state.apply(parseEvent(entry, index)));
    } catch (error) {
      await journal.close();
      throw error;
    }
    return records;
  }

  /** Seconds. */
  now(): number {
    return Math.floor(this.#now() / 1000);
  }

  /** 128 random bits: what nobody guesses. */
  newId(): string {
    return encodeBase64url(this.#random(16));
  }

  /** @throws Unavailable `log-unavailable`; then nothing has happened that anybody may count on */
  async record(event: AcmeEvent): Promise<void> {
    try {
      await this.#journal.append(event);
    } catch (error) {
      this.#failed = true;
      throw error;
    }
    this.state.apply(event);
  }

  /** Whether a write failed: then nothing more is recorded until a new start. */
  get failed(): boolean {
    return this.#failed;
  }

  alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await this.#last;
    await this.#journal.close();
  }
}
