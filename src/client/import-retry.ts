import { NoAnswer } from './api-refusal.js';
import type { ImportLine } from './import-stream.js';
import { pauseAfter, type Patience } from './retry.js';
import { setTimeout as wait } from 'node:timers/promises';

type Passports = Iterable<string> | AsyncIterable<string>;

/**
 * Answers in order for PASSporTs of any number, over as many connections as it takes. What was sent and not answered is kept, which is what fits
 * between the two sides, and is sent again: the same octets, so it has one effect (DESIGN section 2, promise 4). Patience begins anew with each answer.
 * @param attempt one connection's import
 * @throws what `attempt` throws, once patience has run out or where to try again is no use; what the source throws
 */
export async function* importUnanswered(
  patience: Patience,
  attempt: (passports: AsyncIterable<string>) => AsyncIterable<ImportLine>,
  passports: Passports,
): AsyncGenerator<ImportLine> {
  const unanswered = new Unanswered(passports);
  let made = 0;
  let left = patience.total;
  try {
    for (;;) {
      try {
        for await (const line of attempt(unanswered.again())) {
          // Nothing was done for this line and those behind it: the gateway is being stopped, and another may be there.
          if (line.reason === 'draining') throw new NoAnswer('the gateway is being stopped', true);
          made = 0;
          left = patience.total;
          yield { ...line, line: unanswered.answer() };
        }
        return;
      } catch (error) {
        made += 1;
        const pause = pauseAfter(error, made);
        if (pause === null || made >= patience.attempts || pause > left) throw error;
        left -= pause;
        await wait(pause);
      }
    }
  } finally {
    await unanswered.close();
  }
}

/** A source read once, of which what is not answered can be read again. */
class Unanswered {
  readonly #source: Iterator<string> | AsyncIterator<string>;
  readonly #kept: string[] = [];
  #answered = 0;
  #isOver = false;
  /** The source is asked once at a time, also by the sender of a connection that has just broken. One that failed stays failed. */
  #asked: Promise<void> | null = null;

  constructor(source: Passports) {
    this.#source = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  /** Everything that is not answered yet. */
  async *again(): AsyncGenerator<string> {
    for (let next = this.#answered; ;) {
      const passport = this.#kept[next - this.#answered];
      if (passport !== undefined) {
        next += 1;
        yield passport;
      } else if (this.#isOver) return;
      else await (this.#asked ??= this.#ask());
    }
  }

  /** The first that was not answered is; its number, from 1. */
  answer(): number {
    this.#kept.shift();
    this.#answered += 1;
    return this.#answered;
  }

  async close(): Promise<void> {
    if (!this.#isOver) await this.#source.return?.();
  }

  async #ask(): Promise<void> {
    const { done, value } = await this.#source.next();
    if (done === true) this.#isOver = true;
    else this.#kept.push(value);
    this.#asked = null;
  }
}
