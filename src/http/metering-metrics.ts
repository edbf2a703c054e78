import { Counter, Gauge, type Registry } from 'prom-client';
import type { MeteringState } from '../gateway/index.js';

/** What was counted and what looked like a scan; nothing of whose lookups they were. */
export const registerMeteringMetrics = (registry: Registry, state: () => MeteringState): void => {
  registry.registerMetric(
    new Counter({
      name: 'signpost_quota_numbers_total',
      help: 'SIIs counted against quotas',
      registers: [],
      collect() {
        this.reset();
        this.inc(state().counted);
      },
    }),
  );
  registry.registerMetric(
    new Counter({
      name: 'signpost_scan_alarms_total',
      help: 'Times that the lookups of a client looked like a scan, by test',
      labelNames: ['kind'],
      registers: [],
      collect() {
        this.reset();
        for (const [kind, count] of Object.entries(state().alarms)) this.inc({ kind }, count);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'signpost_lookup_health_least',
      help: '1 while no lookups look like a scan; halved by each alarm of the client that has the most, a tenth a day better',
      registers: [],
      collect() {
        this.set(state().leastHealth);
      },
    }),
  );
};
