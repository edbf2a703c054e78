import { Refusal } from '../reasons/index.js';
import { parseSii, parseSsi, subjectId } from '../identifiers/index.js';
import { leafHash, signReceipt, type Tree } from '../log/index.js';
import type {
  ClassStorage,
  Clock,
  CredentialSource,
  DocumentStorage,
  EvidenceStorage,
  StatusSource,
  SubjectId,
  LogStorage,
  MappingStore,
  NoteSigner,
  QuotaStore,
  RejectRecords,
  RandomSource,
  SearchStorage,
  SnapshotStorage,
  Vault,
  WriteAheadLog,
} from '../ports/index.js';
import { eraseSubject, forgetSubjects, openEntry } from './case-access.js';
import { Alarms } from './alarms.js';
import { CredentialClasses } from './credential-classes.js';
import { DocumentKeeper } from './document-keeper.js';
import { Coverage } from './coverage.js';
import { Expiry } from './expiry.js';
import { HeldAnswers } from './held-answers.js';
import { InTurn } from './in-turn.js';
import { Invalidation } from './invalidate.js';
import { currentSubjects, lookup } from './lookup.js';
import { Meter } from './meter.js';
import { monitorName } from './monitor.js';
import { OcspBook } from './ocsp-book.js';
import { OpeningLimit } from './opening-limit.js';
import { Population } from './population.js';
import type { LoggedPrincipal, PrincipalRequest } from './principal-decision.js';
import type { PrincipalChange } from './principal-record.js';
import { RejectBatches } from './reject-batches.js';
import { RejectBudget } from './reject-budget.js';
import { RejectWindows } from './reject-windows.js';
import { recover } from './recovery.js';
import { searchEntries } from './search.js';
import { SearchFilling } from './search-filling.js';
import { Sequencer } from './sequencer.js';
import { lookupSigned, type PublishedLog } from './signed-lookup.js';
import { SnapshotTaking } from './snapshot-taking.js';
import { submitPassport, withdrawByConnection } from './submit.js';
import type { Gateway, Readiness, ScanAlarm } from './use-cases.js';
import { versionsOf, type World } from './world.js';

export interface GatewayParts {
  readonly world: World;
  readonly wal: WriteAheadLog;
  readonly vault: Vault;
  readonly classes: ClassStorage;
  readonly evidence: EvidenceStorage;
  readonly documents: DocumentStorage;
  readonly snapshots: SnapshotStorage;
  readonly searches: SearchStorage;
  readonly rejects: RejectRecords;
  readonly store: MappingStore;
  /** True for a store that forgets its subjects when the process ends: they are then kept in the snapshot. */
  readonly storeIsVolatile: boolean;
  /** What lookups are counted in. */
  readonly quotas: QuotaStore;
  readonly onScan: (alarm: ScanAlarm) => void;
  readonly logStorage: LogStorage;
  readonly receiptSigner: NoteSigner;
  readonly credentials: CredentialSource;
  readonly status: StatusSource;
  readonly origin: string;
  readonly pepper: Uint8Array;
  /** Counts the starts on this data directory: fences a process that should be dead. */
  readonly epoch: number;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Name and build, as the leaves show it: `signpost@0.1.0`. */
  readonly gateway: string;
}

/** What the composition root drives beside the use cases. */
export interface RunningGateway extends Gateway {
  /** The tree over every committed leaf; the publisher reads it. */
  readonly tree: Tree;
  /**
   * Swaps the whole generation at once; what was judged under the old one is judged again at its commit, and stored mappings are judged again in the
   * background.
   */
  setWorld(world: World): void;
  /** Takes up again what failed of that; to be called now and then. */
  tendMappings(): void;
  /** Takes from the store what has run out, with leaves, and from the search whom old refusals were about; to be called seldom. The number of mappings. @throws Unavailable when store or log cannot be had */
  expireMappings(): Promise<number>;
  /** Resolves when no stored mapping is being judged again: all are, unless `invalidation` names a problem. */
  swept(): Promise<void>;
  /** A fault of the last sweep, for the log; null: none. */
  readonly sweepFault: Error | null;
  /** What the newest leaves say of principals: records that are older, or are not there, were not finished. */
  readonly principalChanges: readonly PrincipalChange[];
  /** @throws Unavailable `log-unavailable` */
  changePrincipal(request: PrincipalRequest): Promise<LoggedPrincipal & { readonly receipt: string }>;
  /** Decides what was refused beyond the clients' budgets; to be called each second: so long may a refusal wait. @throws the first fault */
  batchRejects(): Promise<void>;
  /** Removes the records of refusals that are older than policy keeps them; to be called seldom. */
  forgetRejects(): Promise<void>;
  /** Publishing is the publisher's; the gateway asks it for proofs and for what makes it unready. */
  attach(publisher: PublishedLog & { problems(): readonly string[] }): void;
  /** Resolves when every entry can be searched, or cannot be until a restart. */
  searchable(): Promise<void>;
  /** Why entries cannot be searched until a restart, or null; for the log. */
  readonly searchFault: Error | null;
  /** No search finds entries about this subject any more: to be called before its key is destroyed. @throws Unavailable `search-unavailable` */
  forget(id: SubjectId): Promise<void>;
  /** Saves a snapshot at the present log size. */
  snapshot(): Promise<void>;
  /** Resolves when everything submitted is decided. A sweep is ended where it is; the next start goes on. */
  drain(): Promise<void>;
  /** Brings the store up to the log; returns the number of partitions that were behind. */
  repair(): Promise<number>;
}

const DAY_MS = 86_400_000;

/** Recovers the state from snapshot and WAL, and opens the use cases over it. @throws Refusal `log-corrupt` */
export const openGateway = async (parts: GatewayParts): Promise<RunningGateway> => {
  const { wal, vault, store, clock, random, pepper, origin, receiptSigner, logStorage } = parts;
  const classes = await CredentialClasses.load(parts.classes);
  const { tree, spent, book, projection, time, principals, lastErasure, erased } = await recover(parts);
  const population = new Population(false);
  const documents = new DocumentKeeper(parts.documents);
  documents.keep(parts.world.verifier);
  await documents.flush();
  let world = parts.world;
  let publisher: Parameters<RunningGateway['attach']>[0] | null = null;
  const currentWorld = (): World => world;
  const held = new HeldAnswers({
    clock,
    epoch: parts.epoch,
    longestTtl: () => Math.max(world.lookup.ttl, world.lookup.negativeTtl),
  });
  const filling: SearchFilling = new SearchFilling({
    wal,
    storage: parts.searches,
    vault,
    pepper,
    providerOfRecord: (sii, at) => world.verifier.providerOfRecord(sii, at, null),
    follow: (index, row) => alarms.follow(index, row),
  });
  const rejects = {
    budget: new RejectBudget(
      () => world.rejects,
      () => clock.monotonic(),
    ),
    windows: new RejectWindows(),
  };
  const alarms = new Alarms((index) => filling.index.row(index));
  const sequencer = new Sequencer({
    wal,
    evidence: parts.evidence,
    documents,
    vault,
    projection,
    population,
    tree,
    spent,
    book,
    classes,
    pepper,
    clock,
    random,
    gateway: parts.gateway,
    world: currentWorld,
    rejects,
    changed: (id, before, after) => held.changed(id, before, after, clock.now()),
    committed: (draft) => filling.committed(draft),
    timeFloor: time,
    openings: new OpeningLimit(),
    lastErasure,
  });
  const { snapshots: saved, storeIsVolatile } = parts;
  const snapshots = new SnapshotTaking({ snapshots: saved, store, storeIsVolatile, wal, tree, spent, book, projection, sequencer });
  const cases = { wal, evidence: parts.evidence, sequencer, snapshots, search: filling, pepper, origin, receiptSigner };
  // A crash may have come between the erasure of a subject and that of what search and snapshots hold of it.
  if (erased.length > 0) {
    filling.begin();
    await forgetSubjects(cases, erased);
  }
  const batches = new RejectBatches({
    ...rejects,
    records: parts.rejects,
    sequencer,
    wal,
    clock,
    retentionDays: () => world.refusalRetentionDays,
  });
  const invalidation = new Invalidation({ world: currentWorld, store, wal, vault, book, classes, sequencer, clock });
  await invalidation.judgeAtStart();
  const expiry = new Expiry({ store, sequencer, clock });
  const coverage = new Coverage({ store, index: () => filling.whole(), clock });
  const counted = (): Promise<void> => population.begin(store);
  const meter = new Meter({ store: parts.quotas, population, counted, terms: () => world.quota, pepper, clock, alarm: parts.onScan });
  // Who needs it waits for it, and begins it again where it failed.
  counted().catch(() => undefined);
  const lookupParts = { world: currentWorld, projection, sequencer, meter, held, pepper, clock };
  const published = (): PublishedLog | null => publisher;
  const signedParts = { ...lookupParts, wal, vault, random, origin, receiptSigner, published };
  const subject = async (sii: string) => (await currentSubjects(lookupParts, [subjectId(pepper, sii)]))[0] ?? null;
  const { credentials, status } = parts;
  const ocsp = new OcspBook({ status, clock, random, maxSeconds: () => world.ocspSeconds });
  const submitParts = {
    world: currentWorld,
    sequencer,
    windows: rejects.windows,
    spent,
    wal,
    clock,
    credentials,
    status,
    ocsp,
    turns: new InTurn(),
    origin,
    receiptSigner,
    subject,
  };

  const proofOf = (index: number): Promise<string> =>
    publisher === null ? Promise.reject(new Refusal('not-published')) : publisher.inclusionProofText(index);

  const readiness = async (): Promise<Readiness> => {
    const problems: string[] = [...(publisher?.problems() ?? [])];
    if (sequencer.failure !== null) problems.push('the write-ahead log cannot be written: restart once its disk is well');
    // A clock behind the newest leaf would give times that outsiders can prove wrong.
    if (clock.now() + 1000 < sequencer.time) problems.push('the clock is behind the newest log entry: set the clock');
    if (!(await answers(store))) problems.push('the mapping store does not answer');
    else if (sequencer.storeBehind && !(await repaired(sequencer))) problems.push('the mapping store is behind the log');
    if (invalidation.state.problem !== null) problems.push(invalidation.state.problem);
    return { ready: problems.length === 0, problems };
  };

  return {
    tree,
    get logSize() {
      return wal.size;
    },
    versions: () => versionsOf(world),
    setWorld: (next) => {
      documents.keep(next.verifier);
      world = next;
      invalidation.request();
    },
    tendMappings: () => invalidation.turn(),
    expireMappings: async () => {
      const expired = await expiry.run();
      await filling.forgetRefusals(clock.now() - world.refusalRetentionDays * DAY_MS);
      return expired;
    },
    coverage: () => coverage.read(),
    swept: () => invalidation.idle(),
    get sweepFault() {
      return invalidation.fault;
    },
    get invalidation() {
      return invalidation.state;
    },
    batchRejects: () => batches.flush(),
    forgetRejects: () => batches.forget(),
    get rejects() {
      return batches.state;
    },
    rejectRecord: (index, position) => batches.record(index, position),
    rejectProof: async (index, position) => batches.proof(index, position, await proofOf(index)),
    principalChanges: principals,
    changePrincipal: async (request) => {
      const logged = await sequencer.changePrincipal(request);
      const { logIndex: index, at } = logged.change;
      return { ...logged, receipt: signReceipt({ origin, index, leafHash: logged.leafHash, time: at }, receiptSigner) };
    },
    attach: (next) => {
      publisher = next;
      // Not before: the publisher starts from a log to which nothing is appended.
      invalidation.start();
      filling.begin();
    },
    submit: (passport, client) => submitPassport(submitParts, passport, client),
    withdraw: (request, client) => withdrawByConnection(submitParts, withdrawal(request), client),
    lookup: (queries, client) => lookup(lookupParts, queries, client),
    lookupSigned: (query, client) => lookupSigned(signedParts, query, client),
    changes: (client, after, wake) => held.read(client.domain, after, wake),
    get held() {
      return held.state;
    },
    quota: (client) => meter.standing(client),
    get metering() {
      return meter.state;
    },
    entry: async (index) => {
      const { leaf } = await wal.get(index);
      return { leaf, leafHash: leafHash(leaf) };
    },
    search: (search) => searchEntries({ wal, filling, pepper }, search),
    monitor: (name, from) => monitorName({ wal, filling, proof: proofOf }, name, from),
    alarms: (name, after, wake) => alarms.read(name, after, wake),
    proof: proofOf,
    logFile: (path) => logStorage.read(path),
    document: (digest) => parts.documents.get(digest),
    readiness,
    searchable: () => filling.filled(),
    get searchFault() {
      return filling.fault;
    },
    forget: (id) => filling.forget(id),
    open: (index, caseId, client) => openEntry(cases, index, caseId, client),
    erase: (request, client) => eraseSubject(cases, request, client),
    snapshot: () => snapshots.save(),
    drain: async () => {
      await invalidation.stop();
      await expiry.stop();
      await coverage.stop();
      await population.stop();
      await filling.stop();
      await sequencer.drain();
      // Who waits for a batch is told what becomes of it.
      await batches.flush().catch(() => undefined);
      await sequencer.drain();
    },
    repair: () => sequencer.repair(),
  };
};

const withdrawal = ({ sii, ssi }: { readonly sii: string; readonly ssi: string }) => {
  try {
    return { sii: parseSii(sii).uri, ssi: parseSsi(ssi).uri, provider: parseSsi(ssi).provider };
  } catch (error) {
    if (error instanceof Refusal) throw new Refusal('malformed-request', 'sii or ssi');
    throw error;
  }
};

const answers = async (store: MappingStore): Promise<boolean> => {
  try {
    await store.ping();
    return true;
  } catch {
    return false;
  }
};

const repaired = async (sequencer: Sequencer): Promise<boolean> => {
  try {
    await sequencer.repair();
    return true;
  } catch {
    return false;
  }
};
