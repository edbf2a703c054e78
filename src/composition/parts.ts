import {
  ConfigurationProblems,
  NOTHING_FETCHED,
  NumberingFeeds,
  TrustLists,
  makeGeneration,
  materialOf,
  reportFeed,
  reportList,
  unknownFeeds,
  unknownLists,
  type Generation,
  type ProblemList,
} from '../adapters/configuration/index.js';
import { openDataDirectory } from '../adapters/files/index.js';
import type { FetchBudget } from '../adapters/x5u/index.js';
import { openGateway } from '../gateway/index.js';
import { Publisher } from '../gateway/publish.js';
import type { Clock, CredentialSource, RandomSource } from '../ports/index.js';
import type { GatewayOptions } from './options.js';
import { fetchLists, openStatus } from './status.js';
import { epochOf, openStore } from './store.js';
import { PolicyWitnesses } from './witnessing.js';

/** Name and build, as the leaves show it. */
const BUILD = 'signpost@0.1.0';

export type Closers = (() => Promise<void>)[];

export interface Start {
  readonly options: GatewayOptions;
  readonly clock: Clock;
  readonly reading: ProblemList;
  /** Without the anchors of trust lists, and without fetched CRLs: the last good ones are in the data directory, which is not open yet. */
  readonly first: Generation;
  readonly closers: Closers;
}

interface Given {
  readonly random: RandomSource;
  readonly credentials: CredentialSource;
  readonly budget: FetchBudget;
}

/** Data, trust lists, store, gateway and publisher, recovered; what must be closed again is in `closers` as soon as it is open. */
export const openParts = async ({ options, clock, first: ofFiles, closers }: Start, { random, credentials, budget }: Given) => {
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
  const feeds = new NumberingFeeds({ archive: data.feeds, clock, onEvent: reportFeed(log) });
  const material = materialOf(configuration, { lists: [], fetched });
  const fed = await feeds.judge(configuration.feeds, material);
  const strangers = unknownFeeds(fed);
  if (strangers.length > 0) throw new ConfigurationProblems(strangers);
  const first = makeGeneration(configuration, { lists: standing, feeds: fed, fetched }, verifier);
  const store = await openStore(options.store ?? 'memory', () => data.quotaJournal(() => clock.monotonic()));
  closers.push(() => Promise.all([store.mappings.close(), store.quotas.close()]).then(() => undefined));
  const gateway = await openGateway({
    world: first.world,
    wal: data.wal,
    vault: data.vault,
    classes: data.classes,
    evidence: data.evidence,
    documents: data.documents,
    snapshots: data.snapshots,
    searches: data.searches,
    rejects: data.rejects,
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
  const witnesses = new PolicyWitnesses(clock, log);
  witnesses.use(configuration.policies.gateway.witnesses);
  const { witnessing } = witnesses;
  const publishing = { wal: data.wal, storage: data.tiles, lastSigned: data.lastSigned, signer: data.keys.log, witnessing };
  const publisher = await Publisher.start(publishing, gateway.tree);
  for (const remark of await store.remarks()) log.warn({ remark }, 'store');
  return { gateway, publisher, witnesses, store, lists, feeds, status, first, keys: data.keys, data };
};
