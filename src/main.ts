import { fileURLToPath } from 'node:url';
import { isNativeError } from 'node:util/types';
import {
  ConfigurationProblems,
  GenerationKeeper,
  NOTHING_FETCHED,
  PrincipalDirectory,
  ProblemList,
  WebhookDirectory,
  makeGeneration,
  readConfiguration,
  reportReload,
  type Generation,
} from './adapters/configuration/index.js';
import { StorageFault, readPageFiles } from './adapters/files/index.js';
import { every, systemClock, systemRandom, threadWaker } from './adapters/system/index.js';
import { FetchBudget, FetchedCredentials, GuardedFetcher } from './adapters/x5u/index.js';
import type { GatewayHandle, GatewayOptions } from './composition/options.js';
import { openParts, type Closers, type Start } from './composition/parts.js';
import { stop } from './composition/stop.js';
import { batchRejects, expireAll, tendMappings } from './composition/tending.js';
import { openWebhooks } from './composition/webhooks.js';
import { Publication } from './gateway/publication.js';
import { SnapshotSaving } from './gateway/snapshot-saving.js';
import { createHttpServer, describeFault, reasonsDocument } from './http/index.js';
import type { ReloadOutcome } from './ports/index.js';
import { Refusal, Unavailable } from './reasons/index.js';
import { PIPELINE, SEQUENCER_STEPS } from './verification/index.js';

export type { GatewayHandle, GatewayOptions } from './composition/options.js';

/** DESIGN section 3: published every 1 to 5 s. */
const PUBLISH_MS = 1_000;
/** A refusal beyond its client's budget waits so long, and costs its client's others one entry so often. */
const REJECTS_MS = 1_000;
/** A server's settings and role change seldom; whether it answers is asked with every readiness. */
const STORE_MS = 2_000;
/** A sweep of the stored mappings that store or log kept from its end is tried again so often. */
const SWEEP_MS = 1_000;
/** A change of a file counts after one to two turns: an anchor that was removed must not count 5 s later, and reading may take its time. */
const WATCH_MS = 500;
/** How long what has run out may stay in the store; nobody reads it. A walk over 10^6 subjects takes some seconds of a core. */
const EXPIRY_MS = 3_600_000;
/** How long a trust list may count past its end. */
const LISTS_MS = 1_000;
/** How late a CRL may be fetched. */
const CRLS_MS = 5_000;
/** How late a receiver that failed is asked again, and a change of where to is seen; what changes is sent at once. */
const WEBHOOKS_MS = 1_000;
const SNAPSHOT_CHECK_MS = 10_000;
/** Where the build puts the auditor's page, beside what it makes of these sources. */
const AUDIT_PAGE = fileURLToPath(new URL('../audit-ui/', import.meta.url));

/**
 * Puts the parts together and opens the door: the one place that knows them all.
 * @throws ConfigurationProblems everything that stands in the way of a start, each with its file and what to do
 */
export const startGateway = async (options: GatewayOptions): Promise<GatewayHandle> => {
  const clock = options.clock ?? systemClock;
  const reading = new ProblemList();
  const configuration = await readConfiguration(options, clock.now(), reading);
  const first = makeGeneration(configuration, { lists: [], fetched: NOTHING_FETCHED });
  if (first.gaps.length > 0 && configuration.lists.length + configuration.feeds.length === 0) throw new ConfigurationProblems(first.gaps);
  const closers: Closers = [];
  try {
    return await compose({ options, clock, reading, first, closers });
  } catch (error) {
    for (const close of closers.toReversed()) await close();
    throw problemsOf(error);
  }
};

/** Faults of storage and damaged logs are the operator's to mend, as a broken policy is. */
const problemsOf = (error: unknown): unknown => {
  if (error instanceof StorageFault) return new ConfigurationProblems([error.message]);
  if (error instanceof Unavailable) return new ConfigurationProblems([`${error.message}: start it, or correct its address`]);
  if (error instanceof Refusal) return new ConfigurationProblems([`${error.message}: run audit fsck on the data directory`]);
  if (isNativeError(error) && 'code' in error && error.code === 'EADDRINUSE')
    return new ConfigurationProblems(['the port is taken: stop who has it, or choose another']);
  if (isNativeError(error) && 'code' in error && String(error.code).startsWith('ERR_OSSL'))
    return new ConfigurationProblems([
      `tls/: the key, certificate or clients' authority cannot be used (${String(error.code)}): replace it`,
    ]);
  return error;
};

const compose = async (start: Start): Promise<GatewayHandle> => {
  const { options, clock } = start;
  const { log, timer = every, waker = threadWaker } = options;
  const random = options.random ?? systemRandom;
  let { hosts } = start.first.configuration.policies.gateway.x5u;
  const fetcher = new GuardedFetcher({ ...options.outside, clock });
  const budget = new FetchBudget(clock);
  const credentials = new FetchedCredentials({ fetcher, clock, budget, hosts: () => hosts });
  const parts = await openParts(start, { random, credentials, budget });
  const { gateway, publisher, witnesses, store, keys, lists, feeds, status, first } = parts;
  let storeProblems = await store.problems();
  const publication = new Publication(publisher, gateway, clock, (error) =>
    log.error({ fault: describeFault(error) }, 'the log cannot be published'),
  );
  const snapshots = new SnapshotSaving(gateway, {
    saved: (entries) => log.info({ entries }, 'snapshot saved'),
    failed: (error) => log.warn({ fault: describeFault(error) }, 'snapshot not saved'),
  });
  const install = ({ configuration, world }: Generation): void => {
    // One synchronous block, and what may throw first.
    witnesses.use(configuration.policies.gateway.witnesses);
    server.useCredentials(configuration.tls);
    gateway.setWorld(world);
    hosts = configuration.policies.gateway.x5u.hosts;
  };
  const onReload = (outcome: ReloadOutcome): void => reportReload(log, outcome, gateway.versions());
  const keeper = new GenerationKeeper(
    {
      places: options,
      clock,
      lists,
      feeds,
      fetched: status.crls,
      install,
      problemsOf,
      onReload,
      remarks: () => witnesses.witnessing.remarks(),
    },
    first,
    start.reading,
  );
  status.late.keeper = keeper;
  const fromFile = (domain: string) => keeper.current.principals.get(domain);
  const principals = await PrincipalDirectory.open({ records: parts.data.principals, gateway, fromFile });
  gateway.attach({
    inclusionProofText: (index) => publisher.inclusionProofText(index),
    newest: () => publisher.newest,
    problems: () => [...publication.problems(), ...storeProblems, ...keeper.problems()],
  });
  const hooks = await WebhookDirectory.open(parts.data.webhooks);
  const webhooks = openWebhooks({
    outside: options.outside,
    clock,
    signer: parts.data.keys.receipt,
    gateway,
    targets: () => hooks.targets((domain) => principals.of(domain)),
    log,
  });
  await publication.turn();
  const { origin, audience } = first.configuration.policies.gateway;
  const { logVkey, receiptVkey } = keys;
  const server = createHttpServer({
    gateway,
    principalOf: (domain) => principals.of(domain),
    principals,
    configuration: keeper,
    credentials: first.configuration.tls,
    discovery: {
      audience,
      origin,
      logVkey,
      receiptVkey,
      get witnessVkeys() {
        return witnesses.vkeys();
      },
    },
    witnesses: witnesses.witnessing,
    reasons: reasonsDocument(STEPS),
    clock,
    waker,
    random,
    fetches: () => credentials.counts.entries(),
    webhooks: hooks,
    webhookState: () => webhooks.state,
    auditPage: await readPageFiles(AUDIT_PAGE),
    log,
  });
  const host = options.host ?? '127.0.0.1';
  const port = await server.listen(options.port, host);
  const askStore = async (): Promise<void> => {
    storeProblems = await store.problems();
  };
  const timers = [
    timer(PUBLISH_MS, () => publication.turn()),
    timer(REJECTS_MS, () => batchRejects(gateway, log)),
    timer(STORE_MS, askStore),
    timer(SNAPSHOT_CHECK_MS, () => snapshots.turn()),
    timer(SWEEP_MS, () => tendMappings(gateway, log)),
    timer(EXPIRY_MS, () => expireAll(gateway, log)),
    timer(WATCH_MS, () => keeper.watch()),
    timer(LISTS_MS, () => keeper.tendLists()),
    timer(CRLS_MS, () => status.turn()),
    timer(WEBHOOKS_MS, async () => webhooks.turn()),
  ];
  await status.turn();
  log.info({ port, entries: gateway.logSize }, 'listening');
  return {
    url: `https://${host}:${port}`,
    port,
    logVkey,
    receiptVkey,
    witnessVkeys: witnesses.vkeys(),
    gateway,
    configuration: keeper,
    stop: () => stop({ server, gateway, webhooks, publication, snapshots, timers, closers: start.closers, log }),
  };
};

const STEPS = [...PIPELINE, ...SEQUENCER_STEPS].map(({ name, clause, refuses }) => ({ step: name, clause, reasons: refuses }));
