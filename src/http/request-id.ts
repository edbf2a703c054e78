import type { RandomSource } from '../ports/index.js';

/**
 * Ids by which a client's report finds the operator's log line: random per process, then counted. Of constant width, since an answer's
 * size must say nothing. Not secret. A client's own id is not taken: it could carry a number into the log.
 */
export class RequestIds {
  readonly #prefix: string;
  #count = 0;

  constructor(random: RandomSource) {
    this.#prefix = Buffer.from(random(6)).toString('hex');
  }

  next(): string {
    this.#count = (this.#count + 1) % 0x1_0000_0000_0000;
    return `${this.#prefix}${this.#count.toString(16).padStart(12, '0')}`;
  }
}
