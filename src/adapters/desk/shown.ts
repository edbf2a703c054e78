import type { Publication } from '../../issuance/index.js';
import type { Desk } from './desk.js';

/** ms that what was read of the disk is shown: a revocation by a command beside the server is out within it. */
const FRESH_MS = 1_000;

/** What a desk publishes, for who asks by the network: read again at most once a second, however many ask. */
export class ShownPublications {
  readonly #desk: Pick<Desk, 'publications'>;
  /** ms on a clock that never steps. */
  readonly #now: () => number;
  #shown: Promise<readonly Publication[]> | null = null;
  #until = 0;

  constructor(desk: Pick<Desk, 'publications'>, now: () => number) {
    this.#desk = desk;
    this.#now = now;
  }

  /** What fails is not kept. */
  all(): Promise<readonly Publication[]> {
    const now = this.#now();
    if (this.#shown !== null && now < this.#until) return this.#shown;
    const shown = this.#desk.publications();
    this.#shown = shown;
    this.#until = now + FRESH_MS;
    shown.catch(() => {
      if (this.#shown === shown) this.#shown = null;
    });
    return shown;
  }
}
