import { MOST_BATCHED } from '../log/index.js';
import { Unavailable, type Reason } from '../reasons/index.js';

/** A refusal whose leaf is that of its batch. */
export interface BatchedRefusal {
  readonly index: number;
  /** ms; of the leaf */
  readonly time: number;
  readonly leafHash: Uint8Array;
  /** Position of its record in the batch. */
  readonly batchIndex: number;
}

/** A refusal that waits for its batch. */
export interface GatheredRefusal {
  /** The record, spelled as a `reject` leaf. */
  readonly octets: Uint8Array;
  readonly reason: Reason;
  readonly resolve: (refusal: BatchedRefusal) => void;
  readonly reject: (error: Error) => void;
}

/** What was refused beyond the clients' budgets and is in no leaf yet, by client: at most a window's worth of each. */
export class RejectWindows {
  #open = new Map<string, GatheredRefusal[]>();
  #shed = 0;

  /** Submissions that were turned away since the start, undecided. */
  get shed(): number {
    return this.#shed;
  }

  get waiting(): number {
    return [...this.#open.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** Before any work is done: a client whose window is full waits for the next. @throws Unavailable `overloaded` */
  check(client: string): void {
    if ((this.#open.get(client)?.length ?? 0) < MOST_BATCHED) return;
    this.#shed += 1;
    throw new Unavailable('overloaded', 'too many refusals of this client', null, 1);
  }

  /** Resolves once the batch is durable. @throws Unavailable `overloaded` */
  async gather(client: string, octets: Uint8Array, reason: Reason): Promise<BatchedRefusal> {
    this.check(client);
    return await new Promise((resolve, reject) => {
      const window = this.#open.get(client) ?? [];
      window.push({ octets, reason, resolve, reject });
      this.#open.set(client, window);
    });
  }

  /** Closes every window. */
  take(): ReadonlyMap<string, readonly GatheredRefusal[]> {
    const taken = this.#open;
    this.#open = new Map();
    return taken;
  }
}
