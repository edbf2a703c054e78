import type { Clock, Waker } from '../ports/index.js';
import { LIMITS } from './limits.js';

interface Waiting {
  /** ms on the clock that never steps. */
  readonly due: number;
  readonly go: () => void;
}

/**
 * Has answers leave at steps that are counted from when their request was whole, so that their time does not follow from what was found (DESIGN
 * section 2, promise 8; docs/adr/0026). What is not ready by its step waits for the next one. Hidden: how long the work took, within a step. Not
 * hidden: work that outlasts a step, and that the others in the same process come later for it.
 */
export class AnswerSteps {
  readonly #clock: Clock;
  readonly #waker: ReturnType<Waker>;
  /** By due; what is due together, by who came first. */
  readonly #waiting: Waiting[] = [];
  /** What is woken for. */
  #next = 0;

  constructor(clock: Clock, waker: Waker) {
    this.#clock = clock;
    this.#waker = waker(() => this.#release());
  }

  /** Resolves at the first step that lies ahead, of `steps` steps each; `since`, ms on the clock that never steps: when the request was whole. */
  leave(since: number, steps: number): Promise<void> {
    const due = dueOf(since, steps * LIMITS.answerStepMs, this.#clock.monotonic());
    return new Promise((go) => {
      const place = this.#waiting.findLastIndex((other) => other.due <= due) + 1;
      this.#waiting.splice(place, 0, { due, go });
      if (place === 0) this.#wakeAt(due);
    });
  }

  /** Whoever still waits is answered by nobody. */
  end(): Promise<void> {
    return this.#waker.end();
  }

  #release(): void {
    const now = Math.max(this.#next, this.#clock.monotonic());
    const first = this.#waiting.findIndex(({ due }) => due > now);
    for (const { go } of this.#waiting.splice(0, first < 0 ? this.#waiting.length : first)) go();
    const [next] = this.#waiting;
    if (next !== undefined) this.#wakeAt(next.due);
  }

  #wakeAt(due: number): void {
    this.#next = due;
    this.#waker.after(Math.max(0, due - this.#clock.monotonic()));
  }
}

/** The grid is laid under the request, never under the work: who chose when to ask could else have what takes a little longer come a step later. */
const dueOf = (since: number, step: number, now: number): number => {
  const from = Math.ceil(since / LIMITS.answerGridMs) * LIMITS.answerGridMs;
  return from + Math.max(1, Math.ceil((now - from) / step)) * step;
};
