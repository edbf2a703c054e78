import { signWebhook } from '../log/index.js';
import type { Clock, NoteSigner, SendMessage } from '../ports/index.js';
import type { Change, ChangeReader } from './change-feed.js';

/** A principal that has its changes sent. */
export interface WebhookTarget {
  readonly domain: string;
  readonly url: string;
}

export interface WebhooksParts {
  readonly send: SendMessage;
  readonly signer: NoteSigner;
  readonly clock: Clock;
  /** Who has its changes sent now, and where; asked before anything is sent. */
  readonly targets: () => Iterable<WebhookTarget>;
  /** The changes of what a principal holds, as a stream of its own would read them. */
  readonly changes: (domain: string, after: string | null, wake: () => void) => ChangeReader;
  /** The first failure in a row of one receiver; names the way it failed, and nothing personal. */
  readonly failed: (domain: string, error: Error) => void;
}

export interface WebhooksState {
  /** Messages since the start. */
  readonly delivered: number;
  readonly failed: number;
  /** Receivers that failed the last time. */
  readonly failing: number;
}

/** Changes in one message: some 5 KiB. */
const MOST = 64;
/** ms: after the first failure, doubled with each further one. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;

/** One principal's messages: one under way at a time, in order, each until its receiver has it. */
class Delivery {
  readonly target: WebhookTarget;
  readonly #reader: ChangeReader;
  #unsent: readonly Change[] = [];
  #underWay: Promise<void> | null = null;
  failures = 0;
  #notBefore = 0;

  constructor(target: WebhookTarget, read: (wake: () => void) => ChangeReader, wake: () => void) {
    this.target = target;
    this.#reader = read(wake);
  }

  /** What is to be sent now; none: nothing is due. */
  due(now: number): readonly Change[] {
    if (this.#underWay !== null || now < this.#notBefore) return [];
    if (this.#unsent.length === 0) this.#unsent = this.#reader.take(MOST);
    return this.#unsent;
  }

  begin(sending: Promise<void>): void {
    this.#underWay = sending.finally(() => {
      this.#underWay = null;
    });
  }

  sent(): void {
    this.#unsent = [];
    this.failures = 0;
    this.#notBefore = 0;
  }

  /** @param now ms on the clock that never steps */
  failedAt(now: number): void {
    this.failures += 1;
    this.#notBefore = now + Math.min(FIRST_PAUSE * 2 ** (this.failures - 1), LONGEST_PAUSE);
  }

  async close(): Promise<void> {
    this.#reader.close();
    await this.#underWay;
  }
}

/**
 * Sends what `GET /v1/invalidations` tells to whoever would rather be called (docs/adr/0025): signed, at least once, in order. What a receiver does not take
 * is sent again, the same octets under the same id, until it does or the feed has no more of it: then, and after a start, a reset goes before.
 */
export class Webhooks {
  readonly #parts: WebhooksParts;
  readonly #deliveries = new Map<string, Delivery>();
  readonly #over = new AbortController();
  #scheduled = false;
  #delivered = 0;
  #failed = 0;

  constructor(parts: WebhooksParts) {
    this.#parts = parts;
  }

  get state(): WebhooksState {
    const failing = [...this.#deliveries.values()].filter(({ failures }) => failures > 0).length;
    return { delivered: this.#delivered, failed: this.#failed, failing };
  }

  /** Takes up who is a target now and sends what is due; to be called now and then. Waits for no receiver. */
  turn(): void {
    if (this.#over.signal.aborted) return;
    const wanted = new Map([...this.#parts.targets()].map((target) => [target.domain, target]));
    for (const [domain, delivery] of this.#deliveries) {
      if (wanted.get(domain)?.url === delivery.target.url) continue;
      this.#deliveries.delete(domain);
      void delivery.close();
    }
    for (const target of wanted.values()) {
      if (!this.#deliveries.has(target.domain)) this.#deliveries.set(target.domain, this.#begin(target));
    }
    for (const delivery of this.#deliveries.values()) this.#send(delivery);
  }

  /** Ends what is under way; nothing is sent any more. */
  async stop(): Promise<void> {
    this.#over.abort();
    await Promise.all([...this.#deliveries.values()].map((delivery) => delivery.close()));
  }

  #begin(target: WebhookTarget): Delivery {
    return new Delivery(
      target,
      (wake) => this.#parts.changes(target.domain, null, wake),
      () => this.#wake(),
    );
  }

  /** What one commit changes is sent together. */
  #wake(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.turn();
    });
  }

  #send(delivery: Delivery): void {
    const changes = delivery.due(this.#parts.clock.monotonic());
    const [first, last] = [changes[0], changes.at(-1)];
    if (first !== undefined && last !== undefined) delivery.begin(this.#deliver(delivery, `${first.id}..${last.id}`, changes));
  }

  async #deliver(delivery: Delivery, id: string, changes: readonly Change[]): Promise<void> {
    const { send, signer, clock, failed } = this.#parts;
    const { domain, url } = delivery.target;
    const body = Buffer.from(JSON.stringify({ events: changes.map(eventOf) }));
    const headers = signWebhook(id, Math.floor(clock.now() / 1000), body, signer);
    try {
      await send(url, { headers: { ...headers, 'content-type': 'application/json' }, body }, this.#over.signal);
      delivery.sent();
      this.#delivered += 1;
      // What came meanwhile, once this one is no longer under way.
      this.#wake();
    } catch (error) {
      if (this.#over.signal.aborted) return;
      delivery.failedAt(clock.monotonic());
      this.#failed += 1;
      if (delivery.failures === 1) failed(domain, error as Error);
    }
  }
}

const eventOf = ({ id, sii }: Change): Record<string, unknown> => (sii === null ? { id, reset: true } : { id, sii });
