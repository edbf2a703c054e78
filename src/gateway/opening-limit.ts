import { Refusal } from '../reasons/index.js';

const DAY_MS = 86_400_000;

export class OpeningLimitReached extends Refusal {
  /** Seconds until the next UTC day. */
  readonly retryAfter: number;

  constructor(perDay: number, retryAfter: number) {
    super('opening-limit', `${perDay} a day`);
    this.retryAfter = retryAfter;
  }
}

/** Openings of each auditor and operator in the present UTC day. In memory: a restart counts anew, and every opening is in the log all the same. */
export class OpeningLimit {
  #day = 0;
  #spent = new Map<string, number>();

  /** Counts one. @param time ms @throws Refusal `opening-limit` */
  spend(client: string, time: number, perDay: number): void {
    const day = Math.floor(time / DAY_MS);
    if (day !== this.#day) {
      this.#day = day;
      this.#spent = new Map();
    }
    const spent = this.#spent.get(client) ?? 0;
    if (spent >= perDay) throw new OpeningLimitReached(perDay, Math.ceil(((day + 1) * DAY_MS - time) / 1000));
    this.#spent.set(client, spent + 1);
  }
}
