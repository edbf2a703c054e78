import type { Clock } from '../../ports/index.js';
import { STATUS_LIMITS } from './limits.js';

interface Bucket {
  readonly left: number;
  readonly at: number;
}

/** How many fetches each client may still cause: a token bucket for each, and no more buckets than there are APs. */
export class ClientBudget {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Takes one; false when there is none. */
  take(client: string): boolean {
    const { clientBurst, clientRefillMs, maxClients } = STATUS_LIMITS;
    const now = this.#clock.monotonic();
    const before = this.#buckets.get(client) ?? { left: clientBurst, at: now };
    const left = Math.min(clientBurst, before.left + (now - before.at) / clientRefillMs);
    // Renewed in place at the end: the longest unused goes first.
    this.#buckets.delete(client);
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined && this.#buckets.size >= maxClients) this.#buckets.delete(oldest);
    this.#buckets.set(client, { left: left < 1 ? left : left - 1, at: now });
    return left >= 1;
  }
}
