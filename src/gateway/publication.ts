import type { Clock } from '../ports/index.js';
import type { RunningGateway } from './gateway.js';
import type { Publisher } from './publish.js';

/** A checkpoint older than this is a promise that is not kept (C2SP tlog-tiles has no bound; ours is ten publications). */
const PUBLISH_LAG_MS = 10_000;

/** The publisher's turns, and what they mean for readiness. */
export class Publication {
  readonly #publisher: Publisher;
  readonly #gateway: Pick<RunningGateway, 'logSize'>;
  readonly #clock: Clock;
  readonly #onFault: (error: unknown) => void;
  #fresh: number;

  constructor(publisher: Publisher, gateway: Pick<RunningGateway, 'logSize'>, clock: Clock, onFault: (error: unknown) => void) {
    this.#publisher = publisher;
    this.#gateway = gateway;
    this.#clock = clock;
    this.#onFault = onFault;
    this.#fresh = clock.monotonic();
  }

  problems(): string[] {
    if (this.#publisher.failure !== null) return ['the log cannot be published: see the log of the gateway, then restart'];
    // Held back for its witnesses: a remark (`Witnessing`), since an outsider's outage must not take the gateway away.
    if (this.#publisher.isHolding) return [];
    const late = this.#publisher.publishedSize < this.#gateway.logSize && this.#clock.monotonic() - this.#fresh > PUBLISH_LAG_MS;
    return late ? ['the published log is behind: the disk is too slow'] : [];
  }

  /** Never rejects: a publisher that failed says so in `problems`, and stays stopped until a restart. */
  async turn(now = false): Promise<void> {
    if (this.#publisher.failure !== null) return;
    try {
      await this.#publisher.publish(now);
      this.#fresh = this.#clock.monotonic();
    } catch (error) {
      this.#onFault(error);
    }
  }
}
