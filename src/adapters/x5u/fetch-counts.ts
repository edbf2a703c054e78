import { FetchFailure } from './fetch-failure.js';
import { OverBudget } from './fetch-budget.js';

export type FetchKind = 'chain' | 'tn-list';

/** How questions for octets from elsewhere went, since the start. Kinds and outcomes are closed sets: no host, no URL. */
export class FetchCounts {
  readonly #counts = new Map<string, { readonly kind: FetchKind; readonly outcome: string; count: number }>();

  /** Outcomes: `fetched`, `hit`, `failure-hit`, or how a fetch failed. */
  entries(): Iterable<{ readonly kind: string; readonly outcome: string; readonly count: number }> {
    return this.#counts.values();
  }

  observer(kind: FetchKind): (outcome: 'hit' | 'failure-hit' | 'fetched' | { readonly failed: unknown }) => void {
    return (outcome) => this.#add(kind, typeof outcome === 'string' ? outcome : failureOf(outcome.failed));
  }

  #add(kind: FetchKind, outcome: string): void {
    const key = `${kind} ${outcome}`;
    const entry = this.#counts.get(key) ?? { kind, outcome, count: 0 };
    entry.count += 1;
    this.#counts.set(key, entry);
  }
}

const failureOf = (error: unknown): string => {
  if (error instanceof OverBudget) return 'over-budget';
  return error instanceof FetchFailure ? error.code : 'malformed';
};
