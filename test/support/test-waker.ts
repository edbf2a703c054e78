import type { Clock, Waker } from '../../src/ports/index.js';

/** A waker whose thread is the test: it keeps the moment, and wakes when the test says so. */
export class TestWaker {
  /** ms; null: none is waited for. */
  moment: number | null = null;
  ended = false;
  readonly #clock: Pick<Clock, 'monotonic'>;
  #wake: () => void = () => undefined;
  #onAsked: () => void = () => undefined;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  readonly waker: Waker = (wake) => {
    this.#wake = wake;
    return {
      after: (ms) => {
        this.moment = this.#clock.monotonic() + ms;
        this.#onAsked();
      },
      end: async () => {
        this.ended = true;
      },
    };
  };

  /** Until somebody waits. */
  asked(): Promise<void> {
    return this.moment === null ? new Promise((resolve) => (this.#onAsked = resolve)) : Promise.resolve();
  }

  wake(): void {
    this.moment = null;
    this.#wake();
  }
}
