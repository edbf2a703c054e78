import { Gauge, type Registry } from 'prom-client';
import type { WitnessState } from '../gateway/witnessing.js';

/** What the publisher knows of its witnesses. */
export interface WitnessFacts {
  states(): readonly WitnessState[];
  readonly isUnwitnessed: boolean;
}

/** Labels are the names of witnesses that policy names. */
export const registerWitnessMetrics = (registry: Registry, facts: WitnessFacts): void => {
  const each = (name: string, help: string, value: (state: WitnessState) => number | null): Gauge =>
    new Gauge({
      name,
      help,
      labelNames: ['witness'],
      registers: [],
      collect() {
        this.reset();
        for (const state of facts.states()) {
          const is = value(state);
          if (is !== null) this.set({ witness: state.name }, is);
        }
      },
    });
  registry.registerMetric(
    each('signpost_witness_cosignature_age_seconds', 'Since each witness cosigned; none: not since the start', ({ age }) => age),
  );
  registry.registerMetric(each('signpost_witness_fork', '1: the witness knows another history of this log', ({ fork }) => Number(fork)));
  registry.registerMetric(
    new Gauge({
      name: 'signpost_checkpoint_unwitnessed',
      help: '1: the newest checkpoint lacks the cosignatures of the quorum',
      registers: [],
      collect() {
        this.set(Number(facts.isUnwitnessed));
      },
    }),
  );
};
