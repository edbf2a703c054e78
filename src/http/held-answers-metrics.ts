import { Counter, Gauge, type Registry } from 'prom-client';
import type { HeldAnswersState } from '../gateway/index.js';

const COUNTERS = [
  ['signpost_invalidations_total', 'Held answers that changed, each told to its holder', 'told'],
  ['signpost_answers_not_held_total', 'Answers with a ttl of 0 because there was no room to remember who holds them', 'unheld'],
  ['signpost_invalidation_resets_total', 'Times that a caller was told to drop every answer', 'resets'],
] as const;

/** Who holds answers and is told of changes, in numbers alone. */
export const registerHeldAnswersMetrics = (registry: Registry, state: () => HeldAnswersState, streams: () => number): void => {
  for (const [name, help, member] of COUNTERS)
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
  registry.registerMetric(
    new Gauge({
      name: 'signpost_answers_held',
      help: 'Answers that callers hold, and changes kept for resumption',
      registers: [],
      collect() {
        this.set(state().kept);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'signpost_invalidation_streams',
      help: 'Open streams of invalidations',
      registers: [],
      collect() {
        this.set(streams());
      },
    }),
  );
};
