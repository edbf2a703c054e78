import { Counter, type Registry } from 'prom-client';
import type { RejectState } from '../gateway/index.js';
import { gauge } from './request-metrics.js';

/** What was refused beyond the clients' budgets; nothing of whose it was. */
export const registerRejectMetrics = (registry: Registry, state: () => RejectState): void => {
  const counters: readonly (readonly [string, string, Exclude<keyof RejectState, 'waiting'>])[] = [
    ['signpost_refusals_batched_total', 'Refusals whose entry is that of a batch', 'batched'],
    ['signpost_refusal_batches_total', 'Batches of refusals in the log', 'batches'],
    ['signpost_submissions_shed_total', 'Submissions turned away undecided, because their client had too many refusals at once', 'shed'],
  ];
  for (const [name, help, member] of counters)
    registry.registerMetric(
      new Counter({
        name,
        help,
        registers: [],
        collect() {
          this.reset();
          this.inc(state()[member]);
        },
      }),
    );
  registry.registerMetric(gauge('signpost_refusals_waiting', 'Refusals that wait for their batch', () => state().waiting));
};
