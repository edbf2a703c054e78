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
  registerTrustListMetrics(register);
};

type Register = (name: string, help: string, read: (gauge: Gauge, now: ConfigurationState) => void, labelNames?: readonly string[]) => void;

/** `list` is a name of the operator's own policy. A list that is not in force has a sequence and an end of -1 and 0: alarms compare, and see it. */
const registerTrustListMetrics = (register: Register): void => {
  register(
    'signpost_trust_list_sequence',
    'Sequence of the trust list in force; -1: none is',
    (gauge, { lists }) => lists.forEach(({ name, sequence }) => gauge.set({ list: name }, sequence ?? -1)),
    ['list'],
  );
  register(
    'signpost_trust_list_until_seconds',
    'When the trust list in force runs out, seconds since 1970; 0: none is',
    (gauge, { lists }) => lists.forEach(({ name, until }) => gauge.set({ list: name }, until ?? 0)),
    ['list'],
  );
  register(
    'signpost_trust_list_refused',
    'Trust lists not put in force since the start, by fault',
    (gauge, { lists }) => {
      for (const { name, refused } of lists) for (const [fault, count] of Object.entries(refused)) gauge.set({ list: name, fault }, count);
    },
    ['list', 'fault'],
  );
};
