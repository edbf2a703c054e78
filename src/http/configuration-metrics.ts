import { Gauge, type Registry } from 'prom-client';
import type { ConfigurationState } from '../ports/index.js';

/** What is in force, read when somebody asks: digests and counts, nothing of what the files hold. */
export const registerConfigurationMetrics = (registry: Registry, state: () => ConfigurationState): void => {
  const register = (
    name: string,
    help: string,
    read: (gauge: Gauge, now: ConfigurationState) => void,
    labelNames: readonly string[] = [],
  ) =>
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames: [...labelNames],
        registers: [],
        collect() {
          // Labels of what was in force before must not stay beside those of what is.
          this.reset();
          read(this, state());
        },
      }),
    );
  const KINDS = ['trust', 'revocation', 'numbering', 'policy'] as const;
  register(
    'signpost_configuration_version_info',
    'Digests that verdicts are made under; always 1',
    (gauge, { versions }) => gauge.set({ ...versions }, 1),
    KINDS,
  );
  register('signpost_configuration_in_force_seconds', 'When the configuration came into force, seconds since 1970', (gauge, { since }) =>
    gauge.set(Math.floor(since / 1000)),
  );
  register('signpost_configuration_drift', '1 while what is on disk could not be put in force', (gauge, { refused }) =>
    gauge.set(refused.length > 0 ? 1 : 0),
  );
  register(
    'signpost_configuration_reloads',
    'Reloads since the start, by outcome',
    (gauge, { reloads }) => {
      gauge.set({ outcome: 'done' }, reloads.done);
      gauge.set({ outcome: 'refused' }, reloads.refused);
    },
    ['outcome'],
  );
};
