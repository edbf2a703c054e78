import { Counter, type Registry } from 'prom-client';

/** How questions for octets from elsewhere went. Kinds and outcomes are closed sets: no host, no URL. */
export interface FetchCount {
  readonly kind: string;
  readonly outcome: string;
  readonly count: number;
}

/** Counts that are kept elsewhere, read when somebody asks. */
export const registerFetchMetrics = (registry: Registry, read: () => Iterable<FetchCount>): void =>
  registry.registerMetric(
    new Counter({
      name: 'signpost_fetches_total',
      help: 'Paths and TNAuthLists asked for: fetched, hit (kept), failure-hit (failed lately), or how the fetch failed',
      labelNames: ['kind', 'outcome'],
      registers: [],
      collect() {
        this.reset();
        for (const { kind, outcome, count } of read()) this.inc({ kind, outcome }, count);
      },
    }),
  );
