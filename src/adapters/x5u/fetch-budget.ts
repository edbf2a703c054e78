import type { Clock } from '../../ports/index.js';
import { BUDGET_LIMITS } from './limits.js';

interface Account {
  running: number;
  /** Theoretical arrival time of the generic cell rate algorithm, ms. */
  due: number;
  /** When its next fetch may begin, ms. */
  next: number;
}

/** A place that was taken. */
export interface Place {
  /** ms to wait before beginning. */
  readonly waitMs: number;
  /** Gives it back; once is enough. */
  readonly leave: () => void;
}

/** No room: nothing was asked, and nothing is remembered against the URL. */
export class OverBudget extends Error {
  override readonly name = 'OverBudget';
}

const INTERVAL_MS = 1000 / BUDGET_LIMITS.ratePerSecond;
/** Accounts are looked through for idle ones when there are so many more: each has had a fetch, so the time is paid for. */
const SWEEP = 1024;

/** Who may have how many fetches running. Shared by everything that fetches for clients. */
export class FetchBudget {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #clients = new Map<string, Account>();
  readonly #hosts = new Map<string, number>();
  #running = 0;
  #sweepAt = SWEEP;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  get running(): number {
    return this.#running;
  }

  /** Takes a place. @throws OverBudget */
  enter(client: string, host: string): Place {
    const now = this.#clock.monotonic();
    const account = this.#accountOf(client);
    const atHost = this.#hosts.get(host) ?? 0;
    const isBusy = this.#running >= BUDGET_LIMITS.inAll / 2;
    const share = isBusy ? BUDGET_LIMITS.perClientWhenBusy : BUDGET_LIMITS.perClient;
    const due = Math.max(now, account.due) + INTERVAL_MS;
    const isOver =
      this.#running >= BUDGET_LIMITS.inAll ||
      atHost >= BUDGET_LIMITS.perHost ||
      account.running >= share ||
      due - now > BUDGET_LIMITS.burst * INTERVAL_MS;
    if (isOver) throw new OverBudget();
    account.due = due;
    const begin = Math.max(now, account.next);
    account.next = begin + BUDGET_LIMITS.spacingMs;
    account.running += 1;
    this.#hosts.set(host, atHost + 1);
    this.#running += 1;
    let left = false;
    const leave = (): void => {
      if (!left) this.#leave(account, host);
      left = true;
    };
    return { waitMs: begin - now, leave };
  }

  #leave(account: Account, host: string): void {
    this.#running -= 1;
    account.running -= 1;
    const others = (this.#hosts.get(host) ?? 1) - 1;
    if (others === 0) this.#hosts.delete(host);
    else this.#hosts.set(host, others);
  }

  #accountOf(client: string): Account {
    const known = this.#clients.get(client);
    if (known !== undefined) return known;
    if (this.#clients.size >= this.#sweepAt) this.#sweep();
    const account = { running: 0, due: 0, next: 0 };
    this.#clients.set(client, account);
    return account;
  }

  /** An account with nothing running and nothing owed is as a new one. */
  #sweep(): void {
    const now = this.#clock.monotonic();
    for (const [client, { running, due }] of this.#clients) if (running === 0 && due <= now) this.#clients.delete(client);
    this.#sweepAt = this.#clients.size + SWEEP;
  }
}
