import { isNativeError } from 'node:util/types';
import type { Logger } from 'pino';
import {
  ConfigurationProblems,
  GenerationKeeper,
  NOTHING_FETCHED,
  PrincipalDirectory,
  ProblemList,
  TrustLists,
  makeGeneration,
  materialOf,
  readConfiguration,
  reportList,
  reportReload,
  unknownLists,
  vouchersOf,
  type ConfigurationPlaces,
  type Generation,
} from './adapters/configuration/index.js';
import { StorageFault, epochFile, nextEpoch, openDataDirectory } from './adapters/files/index.js';
import { MemoryMappingStore, MemoryQuotaStore } from './adapters/memory/index.js';
import { CrlKeeper, FetchedStatus, STATUS_LIMITS, reportCrl, type CrlReport } from './adapters/status/index.js';
import { every, systemClock, systemRandom } from './adapters/system/index.js';
import { FetchBudget, FetchedCredentials, GuardedFetcher, type FetcherParts } from './adapters/x5u/index.js';
import { fallenSince, openGateway, type InvalidatedMappings, type RunningGateway } from './gateway/index.js';
import { Publication } from './gateway/publication.js';
import { Publisher } from './gateway/publish.js';
import { SnapshotSaving } from './gateway/snapshot-saving.js';
import { createHttpServer, describeFault, reasonsDocument, type HttpServer } from './http/index.js';
import type {
  Clock,
  ConfigurationControl,
  CredentialSource,
  CrlArchive,
  FetchOctets,
  MappingStore,
  QuotaJournal,
  QuotaStore,
  RandomSource,
  ReloadOutcome,
  Timer,
} from './ports/index.js';
import { Refusal, Unavailable } from './reasons/index.js';
import { PIPELINE, SEQUENCER_STEPS } from './verification/index.js';

/** Name and build, as the leaves show it. */
const BUILD = 'signpost@0.1.0';
/** DESIGN section 3: published every 1 to 5 s. */
const PUBLISH_MS = 1_000;
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
/** ms: the most that a fetch for trust lists may ask for. */
const LIST_TIMEOUT_MS = 10_000;
const SNAPSHOT_CHECK_MS = 10_000;
/** CONTRACT section 3: exit within 10 s. A snapshot that is not done by then is given up; the next start replays more. */
const STOP_MS = 9_000;

export interface GatewayOptions extends ConfigurationPlaces {
  readonly dataDir: string;
  /** 0: the system chooses. */
  readonly port: number;
  readonly host?: string;
  /** `memory`, or the URL of a Redis server. */
  readonly store?: string;
  readonly clock?: Clock;
  readonly random?: RandomSource;
  readonly timer?: Timer;
  /** How outside hosts are reached; absent: by the machine's resolver, at public addresses alone. No configuration reaches it. */
  readonly outside?: Omit<FetcherParts, 'clock' | 'limits'>;
  readonly log: Logger;
}

export interface GatewayHandle {
  readonly url: string;
  readonly port: number;
  readonly logVkey: string;
  readonly receiptVkey: string;
  readonly gateway: RunningGateway;
  /** Swaps policies, trust, principals and TLS files together, or keeps all that were and says why. */
  readonly configuration: ConfigurationControl;
  /** Not ready at once; finishes what is in flight, publishes and saves it, gives up the data directory. */
  stop(): Promise<void>;
}

/**
 * Puts the parts together and opens the door: the one place that knows them all.
 * @throws ConfigurationProblems everything that stands in the way of a start, each with its file and what to do
 */
export const startGateway = async (options: GatewayOptions): Promise<GatewayHandle> => {
  const clock = options.clock ?? systemClock;
  const reading = new ProblemList();
  const configuration = await readConfiguration(options, clock.now(), reading);
  const first = makeGeneration(configuration, { lists: [], fetched: NOTHING_FETCHED });
  if (first.gaps.length > 0 && configuration.lists.length === 0) throw new ConfigurationProblems(first.gaps);
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

interface Start {
  readonly options: GatewayOptions;
  readonly clock: Clock;
  readonly reading: ProblemList;
  /** Without the anchors of trust lists, and without fetched CRLs: the last good ones are in the data directory, which is not open yet. */
  readonly first: Generation;
  readonly closers: Closers;
}

const compose = async (start: Start): Promise<GatewayHandle> => {
  const { options, clock } = start;
  const { log, timer = every } = options;
  const random = options.random ?? systemRandom;
  let { hosts } = start.first.configuration.policies.gateway.x5u;
  const fetcher = new GuardedFetcher({ ...options.outside, clock });
  const budget = new FetchBudget(clock);
  const credentials = new FetchedCredentials({ fetcher, clock, budget, hosts: () => hosts });
  const parts = await openParts(start, { random, credentials, budget });
  const { gateway, publisher, store, keys, lists, status, first } = parts;
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
    server.useCredentials(configuration.tls);
    gateway.setWorld(world);
    hosts = configuration.policies.gateway.x5u.hosts;
  };
  const onReload = (outcome: ReloadOutcome): void => reportReload(log, outcome, gateway.versions());
  const keeper = new GenerationKeeper(
    { places: options, clock, lists, fetched: status.crls, install, problemsOf, onReload },
    first,
    start.reading,
  );
  status.late.keeper = keeper;
  const fromFile = (domain: string) => keeper.current.principals.get(domain);
  const principals = await PrincipalDirectory.open({ records: parts.data.principals, clock, fromFile });
  gateway.attach({
    inclusionProofText: (index) => publisher.inclusionProofText(index),
    problems: () => [...publication.problems(), ...storeProblems, ...keeper.problems()],
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
    discovery: { audience, origin, logVkey, receiptVkey },
    reasons: reasonsDocument(STEPS),
    clock,
    random,
    fetches: () => credentials.counts.entries(),
    log,
  });
  const host = options.host ?? '127.0.0.1';
  const port = await server.listen(options.port, host);
  const askStore = async (): Promise<void> => {
    storeProblems = await store.problems();
  };
  const timers = [
    timer(PUBLISH_MS, () => publication.turn()),
    timer(STORE_MS, askStore),
    timer(SNAPSHOT_CHECK_MS, () => snapshots.turn()),
    timer(SWEEP_MS, () => tendMappings(gateway, log)),
    timer(EXPIRY_MS, () => expireMappings(gateway, log)),
    timer(WATCH_MS, () => keeper.watch()),
    timer(LISTS_MS, () => keeper.tendLists()),
    timer(CRLS_MS, () => status.turn()),
  ];
  await status.turn();
  log.info({ port, entries: gateway.logSize }, 'listening');
  return {
    url: `https://${host}:${port}`,
    port,
    logVkey,
    receiptVkey,
    gateway,
    configuration: keeper,
    stop: () => stop({ server, gateway, publication, snapshots, timers, closers: start.closers, log }),
  };
};

type Closers = (() => Promise<void>)[];

const STEPS = [...PIPELINE, ...SEQUENCER_STEPS].map(({ name, clause, refuses }) => ({ step: name, clause, reasons: refuses }));

interface Given {
  readonly random: RandomSource;
  readonly credentials: CredentialSource;
  readonly budget: FetchBudget;
}

/** Data, trust lists, store, gateway and publisher, recovered; what must be closed again is in `closers` as soon as it is open. */
const openParts = async ({ options, clock, first: ofFiles, closers }: Start, { random, credentials, budget }: Given) => {
  const { log } = options;
  const { configuration } = ofFiles;
  const { origin } = configuration.policies.gateway;
  const data = await openDataDirectory(options.dataDir, { origin, clock });
  closers.push(() => data.close());
  const lists = new TrustLists({
    registerOf: (name) => data.trustList(name),
    fetch: fetchLists(options, clock),
    clock,
    onEvent: reportList(log),
  });
  closers.push(() => lists.close());
  const standings = await lists.judge(configuration.lists, configuration.material);
  const unknown = unknownLists(configuration.lists, standings);
  if (unknown.length > 0) throw new ConfigurationProblems(unknown);
  const { verifier } = ofFiles.world;
  const withLists = makeGeneration(configuration, { lists: standings, fetched: NOTHING_FETCHED }, verifier);
  const status = await openStatus({ options, clock, random, budget, archive: data.crls, first: withLists });
  closers.push(() => status.crls.close());
  const fetched = status.crls.material();
  // What was kept of CRLs may list who signed a trust list.
  const standing = await lists.judge(configuration.lists, materialOf(configuration, { lists: [], fetched }));
  const first = makeGeneration(configuration, { lists: standing, fetched }, verifier);
  const store = await openStore(options.store ?? 'memory', () => data.quotaJournal(() => clock.monotonic()));
  closers.push(() => Promise.all([store.mappings.close(), store.quotas.close()]).then(() => undefined));
  const gateway = await openGateway({
    world: first.world,
    wal: data.wal,
    vault: data.vault,
    classes: data.classes,
    snapshots: data.snapshots,
    store: store.mappings,
    storeIsVolatile: store.isVolatile,
    quotas: store.quotas,
    onScan: (alarm) => log.warn(alarm, 'lookups of this client look like a scan'),
    logStorage: data.tiles,
    receiptSigner: data.keys.receipt,
    credentials,
    status: status.source,
    origin,
    pepper: data.keys.pepper,
    epoch: await epochOf(options.dataDir),
    clock,
    random,
    gateway: BUILD,
  });
  const publishing = { wal: data.wal, storage: data.tiles, lastSigned: data.lastSigned, signer: data.keys.log };
  const publisher = await Publisher.start(publishing, gateway.tree);
  for (const remark of await store.remarks()) log.warn({ remark }, 'store');
  return { gateway, publisher, store, lists, status, first, keys: data.keys, data };
};

interface StatusInput {
  readonly options: GatewayOptions;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly budget: FetchBudget;
  readonly archive: CrlArchive;
  /** In force until there is a keeper of generations. */
  readonly first: Generation;
}

/** What fetches revocation status. `keeper` of the generations comes later: what it has in force says who vouches for CRLs, and who may be asked. */
const openStatus = async ({ options, clock, random, budget, archive, first }: StatusInput) => {
  const late: { keeper: GenerationKeeper | null } = { keeper: null };
  const inForce = (): Generation => late.keeper?.current ?? first;
  const fetcher = new GuardedFetcher({ ...options.outside, clock, limits: { timeoutMs: STATUS_LIMITS.crlMs } });
  const vouchers = () => vouchersOf(inForce());
  const changed = async (): Promise<void> => await late.keeper?.takeCrls();
  const report = (facts: CrlReport): void => reportCrl(options.log, facts);
  const parts = { fetcher, archive, clock, random, vouchers, changed, report };
  const crls = await CrlKeeper.open(parts, first.configuration.policies.trust);
  const source = new FetchedStatus({
    keeper: crls,
    fetcher,
    clock,
    budget,
    ocspHosts: () => inForce().configuration.policies.trust.ocspHosts,
  });
  /** Begins to fetch what is due; nobody waits for slow hosts. */
  const turn = (): Promise<void> => {
    crls.turn().catch((error: unknown) => options.log.error({ fault: describeFault(error) }, 'CRLs cannot be fetched'));
    return Promise.resolve();
  };
  return { crls, source, late, turn };
};

const fetchLists = ({ outside }: GatewayOptions, clock: Clock): FetchOctets => {
  const fetcher = new GuardedFetcher({ ...outside, clock, limits: { timeoutMs: LIST_TIMEOUT_MS } });
  return async (url, budget) => (await fetcher.fetch(url, budget)).octets;
};

interface OpenedStore {
  readonly mappings: MappingStore;
  readonly quotas: QuotaStore;
  /** It forgets its subjects when the process ends. */
  readonly isVolatile: boolean;
  /** What about its server breaks a promise, and what only costs memory; in words for operators. */
  readonly problems: () => Promise<readonly string[]>;
  readonly remarks: () => Promise<readonly string[]>;
}

const nothing = (): Promise<readonly string[]> => Promise.resolve([]);

const openStore = async (place: string, journal: () => QuotaJournal): Promise<OpenedStore> => {
  const silent = { problems: nothing, remarks: nothing };
  if (place === 'memory')
    return { mappings: new MemoryMappingStore(), quotas: new MemoryQuotaStore(journal()), isVolatile: true, ...silent };
  if (!/^rediss?:\/\//.test(place)) throw new ConfigurationProblems(['the store is neither "memory" nor a redis:// or rediss:// URL']);
  // Loaded only where it is used: it takes longer to load than the embedded profile to start.
  const { RedisMappingStore, RedisQuotaStore } = await import('./adapters/redis/index.js');
  const [store, quotas] = await Promise.all([RedisMappingStore.open({ url: place }), RedisQuotaStore.open({ url: place })]);
  return { mappings: store, quotas, isVolatile: false, problems: () => store.problems(), remarks: () => store.remarks() };
};

const epochOf = async (dataDir: string): Promise<number> => {
  const epoch = await nextEpoch(dataDir);
  if (epoch !== null) return epoch;
  throw new ConfigurationProblems([`${epochFile(dataDir)}: is not a number: restore it, or write one higher than any before`]);
};

const swept = new WeakMap<RunningGateway, { readonly told: readonly InvalidatedMappings[]; readonly fault: Error | null }>();

/** Tells of a sweep what it did since the last turn, and a fault once. */
const tendMappings = async (gateway: RunningGateway, log: Logger): Promise<void> => {
  gateway.tendMappings();
  const { mappings } = gateway.invalidation;
  const fault = gateway.sweepFault;
  const before = swept.get(gateway) ?? { told: [], fault: null };
  const fallen = fallenSince(before.told, mappings);
  if (fallen.length > 0) log.warn({ mappings: fallen }, 'mappings fell with their credentials');
  if (fault !== null && fault !== before.fault) log.error({ fault: describeFault(fault) }, 'stored mappings cannot be judged again');
  swept.set(gateway, { told: mappings, fault });
};

/** A walk that store or log kept from its end is made again an hour later: nobody reads what has run out. */
const expireMappings = async (gateway: RunningGateway, log: Logger): Promise<void> => {
  try {
    const mappings = await gateway.expireMappings();
    if (mappings > 0) log.info({ mappings }, 'mappings ran out');
  } catch (error) {
    log.error({ fault: describeFault(error) }, 'what has run out stays in the store');
  }
};

interface StopParts {
  readonly server: HttpServer;
  readonly gateway: RunningGateway;
  readonly publication: Publication;
  readonly snapshots: SnapshotSaving;
  readonly timers: readonly (() => Promise<void>)[];
  readonly closers: readonly (() => Promise<void>)[];
  readonly log: Logger;
}

const stop = async ({ server, gateway, publication, snapshots, timers, closers, log }: StopParts): Promise<void> => {
  const deadline = new Promise<void>((resolve) => setTimeout(resolve, STOP_MS).unref());
  log.info('draining');
  await server.drain();
  await gateway.drain();
  const finish = async (): Promise<void> => {
    for (const end of timers) await end();
    await publication.turn();
    await snapshots.stop();
  };
  await Promise.race([finish(), deadline]);
  for (const close of closers.toReversed()) await close();
  log.info({ entries: gateway.logSize }, 'stopped');
};
