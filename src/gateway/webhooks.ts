import { signWebhook } from '../log/index.js';
import type { Clock, NoteSigner, SendMessage } from '../ports/index.js';
import type { Alarm } from './alarms.js';
import type { Change, FeedReader } from './change-feed.js';

/** A principal that has sent to it what it would read as a stream. */
export interface WebhookTarget {
  readonly domain: string;
  readonly url: string;
  /** SPC or domain whose alarms it may see; null: none. */
  readonly monitors: string | null;
}

/** What a message tells. */
type Event = Readonly<Record<string, unknown>> & { readonly id: string };

export interface WebhooksParts {
  readonly send: SendMessage;
  readonly signer: NoteSigner;
  readonly clock: Clock;
  /** Who has its changes sent now, and where; asked before anything is sent. */
  readonly targets: () => Iterable<WebhookTarget>;
  /** The changes of what a principal holds, and the alarms of a provider, as streams of their own would read them. */
  readonly changes: (domain: string, after: string | null, wake: () => void) => FeedReader<Change>;
  readonly alarms: (name: string, after: string | null, wake: () => void) => FeedReader<Alarm>;
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
/** Messages under way in all: each is a connection, some 50 KiB, and its handshake a millisecond of a core. The next waits for the first that ends. */
const MOST_UNDER_WAY = 1_024;
/** ms: messages that end within it are followed by the next ones together. To look at 10,000 targets takes a millisecond or two. */
const BREATH = 20;
/** ms: after the first failure, doubled with each further one. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;

interface Source {
  readonly target: WebhookTarget;
  readonly feed: 'invalidations' | 'alarms';
}

/** One principal's messages of one feed: one under way at a time, in order, each until its receiver has it. */
class Delivery {
  readonly source: Source;
  readonly #reader: FeedReader<Event>;
  #unsent: readonly Event[] = [];
  #underWay: Promise<void> | null = null;
  failures = 0;
  #notBefore = 0;

  constructor(source: Source, reader: FeedReader<Event>) {
    this.source = source;
    this.#reader = reader;
  }

  /** What is to be sent now; none: nothing is due. */
  due(now: number): readonly Event[] {
    if (this.#underWay !== null || now < this.#notBefore) return [];
    if (this.#unsent.length === 0) this.#unsent = this.#reader.take(MOST);
    return this.#unsent;
  }

  get isUnderWay(): boolean {
    return this.#underWay !== null;
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
 * Sends what `GET /v1/invalidations` and a provider's stream of alarms tell to whoever would rather be called (docs/adr/0025): signed, at least once, in order. What a receiver does not take
 * is sent again, the same octets under the same id, until it does or the feed has no more of it: then, and after a start, a reset goes before.
 */
export class Webhooks {
  readonly #parts: WebhooksParts;
  readonly #deliveries = new Map<string, Delivery>();
  readonly #over = new AbortController();
  #scheduled = false;
  #ended: NodeJS.Timeout | null = null;
  #underWay = 0;
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
    const wanted = new Map([...this.#parts.targets()].flatMap(sourcesOf).map((source) => [keyOf(source), source]));
    for (const [key, delivery] of this.#deliveries) {
      // Who says anew where, again and again, is not called at all those places at once.
      if (delivery.isUnderWay || wanted.get(key)?.target.url === delivery.source.target.url) continue;
      this.#deliveries.delete(key);
      void delivery.close();
    }
    for (const [key, source] of wanted) if (!this.#deliveries.has(key)) this.#deliveries.set(key, new Delivery(source, this.#read(source)));
    // What is sent is met again, at the end, and is under way.
    for (const [key, delivery] of this.#deliveries) {
      if (this.#underWay >= MOST_UNDER_WAY) return;
      this.#send(key, delivery);
    }
  }

  /** Ends what is under way; nothing is sent any more. */
  async stop(): Promise<void> {
    this.#over.abort();
    if (this.#ended !== null) clearTimeout(this.#ended);
    await Promise.all([...this.#deliveries.values()].map((delivery) => delivery.close()));
  }

  #read({ target: { domain, monitors }, feed }: Source): FeedReader<Event> {
    const { changes, alarms } = this.#parts;
    const wake = (): void => this.#wake();
    if (feed === 'alarms' && monitors !== null) return mapped(alarms(monitors, null, wake), alarmEvent);
    return mapped(changes(domain, null, wake), changeEvent);
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

  #follow(): void {
    this.#ended = null;
    this.turn();
  }

  #send(key: string, delivery: Delivery): void {
    const changes = delivery.due(this.#parts.clock.monotonic());
    const [first, last] = [changes[0], changes.at(-1)];
    if (first === undefined || last === undefined) return;
    delivery.begin(this.#deliver(delivery, `${delivery.source.feed}.${first.id}..${last.id}`, changes));
    // Behind those that wait.
    this.#deliveries.delete(key);
    this.#deliveries.set(key, delivery);
  }

  async #deliver(delivery: Delivery, id: string, events: readonly Event[]): Promise<void> {
    const { send, signer, clock, failed } = this.#parts;
    const { target, feed } = delivery.source;
    const body = Buffer.from(JSON.stringify({ feed, events }));
    this.#underWay += 1;
    const headers = signWebhook(id, Math.floor(clock.now() / 1000), body, signer);
    try {
      await send(target.url, { headers: { ...headers, 'content-type': 'application/json' }, body }, this.#over.signal);
      delivery.sent();
      this.#delivered += 1;
    } catch (error) {
      if (this.#over.signal.aborted) return;
      delivery.failedAt(clock.monotonic());
      this.#failed += 1;
      if (delivery.failures === 1) failed(target.domain, error as Error);
    } finally {
      this.#underWay -= 1;
      // What came meanwhile, or has waited, once this one is no longer under way.
      if (!this.#over.signal.aborted) this.#ended ??= setTimeout(() => this.#follow(), BREATH);
    }
  }
}

const sourcesOf = (target: WebhookTarget): Source[] =>
  target.monitors === null
    ? [{ target, feed: 'invalidations' }]
    : [
        { target, feed: 'invalidations' },
        { target, feed: 'alarms' },
      ];

const keyOf = ({ target: { domain, monitors }, feed }: Source): string => (feed === 'alarms' ? `${domain} ${monitors}` : domain);

const mapped = <T>(reader: FeedReader<T>, eventOf: (item: T) => Event): FeedReader<Event> => ({
  get id() {
    return reader.id;
  },
  take: (most) => reader.take(most).map(eventOf),
  close: () => reader.close(),
});

const changeEvent = ({ id, sii }: Change): Event => (sii === null ? { id, reset: true } : { id, sii });

/** As the stream of alarms tells it. */
const alarmEvent = ({ id, alarm, index, row: { kind, action, client, signer, reason, time } }: Alarm): Event =>
  alarm === null
    ? { id, reset: true, index }
    : { id, alarm, index, kind, action, client, signer, reason, time: new Date(time).toISOString() };
