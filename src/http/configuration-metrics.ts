import { Gauge, type Registry } from 'prom-client';
import type { ConfigurationState, CrlHostState } from '../ports/index.js';

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
  registerFeedMetrics(register);
  registerCrlMetrics(register);
};

type Register = (name: string, help: string, read: (gauge: Gauge, now: ConfigurationState) => void, labelNames?: readonly string[]) => void;

/** `feed` is a name of the operator's own policy; -1 and 0 as with trust lists. */
const registerFeedMetrics = (register: Register): void => {
  register(
    'signpost_numbering_feed_sequence',
    'Sequence of the feed of numbering data in force; -1: none is',
    (gauge, { feeds }) => feeds.forEach(({ name, sequence }) => gauge.set({ feed: name }, sequence ?? -1)),
    ['feed'],
  );
  register(
    'signpost_numbering_feed_until_seconds',
    'When the feed in force runs out, seconds since 1970; 0: none is',
    (gauge, { feeds }) => feeds.forEach(({ name, until }) => gauge.set({ feed: name }, until ?? 0)),
    ['feed'],
  );
  register(
    'signpost_numbering_feed_refused',
    'Feeds of numbering data not put in force since the start, by fault',
    (gauge, { feeds }) => {
      for (const { name, refused } of feeds) for (const [fault, count] of Object.entries(refused)) gauge.set({ feed: name, fault }, count);
    },
    ['feed', 'fault'],
  );
};

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

/** `host` is one of the operator's own policy: no place is asked whose host that does not name. */
const registerCrlMetrics = (register: Register): void => {
  const perHost = (name: string, help: string, read: (host: CrlHostState) => number): void =>
    register(name, help, (gauge, { crls }) => crls.hosts.forEach((host) => gauge.set({ host: host.host }, read(host))), ['host']);
  perHost('signpost_crl_kept', 'CRLs kept of those fetched, by host', ({ kept }) => kept);
  perHost(
    'signpost_crl_this_update_seconds',
    'Oldest thisUpdate of the CRLs kept, seconds since 1970; 0: none is',
    ({ thisUpdate }) => thisUpdate ?? 0,
  );
  perHost(
    'signpost_crl_next_update_seconds',
    'Earliest nextUpdate of the CRLs kept, seconds since 1970; 0: none is',
    ({ nextUpdate }) => nextUpdate ?? 0,
  );
  register(
    'signpost_crl_fetches',
    'CRLs fetched since the start, by outcome',
    (gauge, { crls }) => Object.entries(crls.fetches).forEach(([outcome, count]) => gauge.set({ outcome }, count)),
    ['outcome'],
  );
};
