/** How many leaves of its own a client may make of what changes nothing: refusals, and withdrawals of what is not there. */
export interface RejectTerms {
  /** Leaves a second, for as long as it goes on. */
  readonly perSecond: number;
  /** Leaves at once. */
  readonly burst: number;
}

/** GCRA, one instant a client: the time at which its bucket is empty again. In memory: after a restart each begins with a full budget. */
export class RejectBudget {
  readonly #terms: () => RejectTerms;
  readonly #monotonic: () => number;
  readonly #emptyAt = new Map<string, number>();

  constructor(terms: () => RejectTerms, monotonic: () => number) {
    this.#terms = terms;
    this.#monotonic = monotonic;
  }

  /** Takes one where there is one. */
  admits(client: string): boolean {
    const { perSecond, burst } = this.#terms();
    const now = this.#monotonic();
    const each = 1000 / perSecond;
    const at = Math.max(now, this.#emptyAt.get(client) ?? 0);
    if (at - now > (burst - 1) * each) return false;
    this.#emptyAt.set(client, at + each);
    return true;
  }

  /** Forgets whose budget is full. */
  purge(): void {
    const now = this.#monotonic();
    for (const [client, at] of this.#emptyAt) if (at <= now) this.#emptyAt.delete(client);
  }
}
