import { Counter, Gauge, type Registry } from 'prom-client';
import type { InvalidationState } from '../gateway/index.js';

/** Mappings that fell with their credential, by reasons of the table; nothing of whose they were. */
export const registerInvalidationMetrics = (registry: Registry, state: () => InvalidationState): void => {
  registry.registerMetric(
    new Counter({
      name: 'signpost_invalidated_mappings_total',
      help: 'Mappings removed or marked because their credential no longer stands',
      labelNames: ['effect', 'reason'],
      registers: [],
      collect() {
        this.reset();
        for (const { effect, reason, count } of state().mappings) this.inc({ effect, reason }, count);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'signpost_invalidation_pending',
      help: '1 while stored mappings are still to be judged under what is in force',
      registers: [],
      collect() {
        this.set(state().pending ? 1 : 0);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'signpost_mappings_of_unknown_credentials',
      help: 'Mappings whose credential the log does not know, by the last walk over the store: nothing can tell whether they stand',
      registers: [],
      collect() {
        this.set(state().unknown);
      },
    }),
  );
};
