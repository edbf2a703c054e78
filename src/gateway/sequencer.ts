import { Unavailable } from '../reasons/index.js';
import { subjectId } from '../identifiers/index.js';
import type { Tree } from '../log/index.js';
import { StoreBehind, type Clock, type EvidenceStorage, type PartitionBatch, type SubjectId, type WriteAheadLog } from '../ports/index.js';
import type { Subject } from '../registry/index.js';
import { Decisions, type Committed, type DecisionParts, type Gathered, type SequencerRequest, type Sequenced } from './decision.js';
import type { DocumentKeeper } from './document-keeper.js';
import { Draft } from './draft.js';
import { decideErasure, type Erased, type ErasureRequest } from './erasure-decision.js';
import { decideOpening, type Opened, type OpeningParts, type OpeningRequest } from './opening-decision.js';
import type { Population } from './population.js';
import type { Projection } from './projection.js';
import { decidePrincipal, type LoggedPrincipal, type PrincipalRequest } from './principal-decision.js';
import { decideBatch, type BatchRequest } from './reject-batches.js';
import { SweepDecisions, type ExpiryRequest, type RevocationRequest, type Revoked } from './sweep-decision.js';

export type { Committed, SequencerRequest, Sequenced } from './decision.js';

/*
 * The one place where order is decided and where a decision becomes a fact. Writes, and what a crash after each leaves:
 *  1 vault keys of new subjects, new
 *    credential classes, documents,
 *    evidence, side by side                  keys, classes and documents that nothing refers to: harmless, never reused; evidence is cut off at start
 *  2 WAL append, fdatasync                    THE COMMIT. Nobody was answered; a retry gets this answer; start-up replays it into the store
 *  3 records of principals, where leaves are
 *    about some                              as 2: start-up writes again what the leaves say
 *    vault keys of erased subjects destroyed  as 2: the store names the key still, and replaying the `erase` leaf destroys it
 *  4 mapping store, under its log position    as 2: the store is at or behind the log, and `Projection.repair` brings it up
 *  5 answer                                   nothing to repair
 * A failure of 1 to 3, or of taking what is durable into memory, stops the sequencer for good: what is in memory may be ahead of the disk or behind
 * it, so only a restart may go on.
 * A failure of 4 stops it until the store answers again and has been repaired.
 */

/** DESIGN section 3: one fdatasync per batch of at most 2,000 leaves. */
const MAX_BATCH = 2000;
/** Waiting requests beyond this are turned away: 5 batches. */
const MAX_QUEUE = 10_000;

export interface SequencerParts extends DecisionParts, OpeningParts {
  readonly wal: WriteAheadLog;
  readonly evidence: Pick<EvidenceStorage, 'append'>;
  readonly documents: Pick<DocumentKeeper, 'flush'>;
  readonly projection: Projection;
  readonly population: Population;
  readonly tree: Tree;
  readonly clock: Clock;
  /** Told of each subject that a commit changed, once the store has the commit, or is known to be behind: then nobody reads before it is repaired. */
  readonly changed: (id: SubjectId, before: Subject | null, after: Subject) => void;
  /** Told of what is durable, before anybody is answered. Must not throw. */
  readonly committed: (draft: Draft) => void;
  /** ms: no leaf gets an earlier time. */
  readonly timeFloor: number;
  /** Index of the last `erase` leaf, or -1 for none that matters. */
  readonly lastErasure: number;
}

/** `decide` may throw: then nothing of it is in the draft. */
interface Waiting {
  readonly ids: () => readonly SubjectId[];
  readonly decide: (draft: Draft, time: number) => void;
  readonly reject: (error: Error) => void;
}

export class Sequencer {
  readonly #parts: SequencerParts;
  readonly #decisions: Decisions;
  readonly #sweeps: SweepDecisions;
  #queue: Waiting[] = [];
  #running: Promise<void> | null = null;
  #time: number;
  #lastErasure: number;
  #failure: Error | null = null;
  #storeBehind = false;
  #repairs = 0;
  #exclusive: Promise<unknown> = Promise.resolve();

  constructor(parts: SequencerParts) {
    this.#parts = parts;
    this.#decisions = new Decisions(parts);
    this.#sweeps = new SweepDecisions(parts);
    this.#time = parts.timeFloor;
    this.#lastErasure = parts.lastErasure;
  }

  /** Why nothing can be committed, or null. */
  get failure(): Error | null {
    return this.#failure;
  }

  get storeBehind(): boolean {
    return this.#storeBehind;
  }

  /** How often the store had to be brought up to the log: who walks it must see none meanwhile. */
  get repairs(): number {
    return this.#repairs;
  }

  /** ms: time of the newest leaf. */
  get time(): number {
    return this.#time;
  }

  /** Index of the last `erase` leaf, or -1: snapshots before it hold what was erased. */
  get lastErasure(): number {
    return this.#lastErasure;
  }

  /** Resolves once the decision is durable and the store has it. @throws Unavailable `overloaded`, `log-unavailable`, `store-unavailable` */
  submit(request: SequencerRequest): Promise<Sequenced> {
    if (this.#queue.length >= MAX_QUEUE) return Promise.reject(new Unavailable('overloaded', undefined, null, 1));
    return this.#enqueue<Sequenced | Gathered>((resolve) => this.#waitingFor(request, resolve)).then((sequenced) =>
      sequenced.outcome === 'gathered' ? sequenced.decided : sequenced,
    );
  }

  #waitingFor(request: SequencerRequest, resolve: (outcome: Sequenced | Gathered) => void): Omit<Waiting, 'reject'> {
    if (request.kind === 'refusal')
      return { ids: () => [], decide: (draft, time) => this.#decisions.refuse(draft, time, request, resolve) };
    const id = subjectId(this.#parts.pepper, request.event.sii);
    return { ids: () => [id], decide: (draft, time) => this.#decisions.decide(draft, time, request, id, resolve) };
  }

  /** As `submit`, before all that waits: whoever asks waits for one at a time. @throws Unavailable `log-unavailable`, `store-unavailable` */
  revoke(request: RevocationRequest): Promise<Revoked> {
    return this.#enqueue<Revoked>(
      (resolve) => ({
        ids: () => request.places.map(({ id }) => id),
        decide: (draft, time) => this.#sweeps.revoke(draft, time, request, resolve),
      }),
      true,
    );
  }

  /** How many mappings had run out. Behind all that waits: what has run out is read by nobody. @throws Unavailable `log-unavailable`, `store-unavailable` */
  expire(request: ExpiryRequest): Promise<number> {
    return this.#enqueue<number>((resolve) => ({
      ids: () => request.subjects,
      decide: (draft, time) => this.#sweeps.expire(draft, time, request, resolve),
    }));
  }

  /** Resolves once the leaf is durable, and `finish` has put in force what it says. @throws Unavailable `log-unavailable` */
  changePrincipal(request: PrincipalRequest): Promise<LoggedPrincipal> {
    return this.#enqueue<LoggedPrincipal>((resolve) => ({
      ids: () => [],
      decide: (draft, time) => decidePrincipal(draft, time, request, this.#parts, resolve),
    }));
  }

  /** Resolves once the subject's key is destroyed and the store holds nothing personal of it. @throws Unavailable `log-unavailable`, `store-unavailable` */
  erase(request: ErasureRequest): Promise<Erased> {
    return this.#enqueue<Erased>((resolve) => ({
      ids: () => [request.id],
      decide: (draft, time) => decideErasure(draft, time, request, this.#parts, resolve),
    }));
  }

  /** Resolves once the leaf is durable. @throws Refusal as `decideOpening`; Unavailable `overloaded`, `log-unavailable` */
  open(request: OpeningRequest): Promise<Opened> {
    if (this.#queue.length >= MAX_QUEUE) return Promise.reject(new Unavailable('overloaded', undefined, null, 1));
    return this.#enqueue<Opened>((resolve) => ({
      ids: () => [],
      decide: (draft, time) => decideOpening(draft, time, request, this.#parts, resolve),
    }));
  }

  /** One leaf for many refusals, whose records are durable. @throws Unavailable `log-unavailable` */
  batch(request: BatchRequest): Promise<Omit<Committed, 'outcome' | 'subject'>> {
    return this.#enqueue<Omit<Committed, 'outcome' | 'subject'>>((resolve) => ({
      ids: () => [],
      decide: (draft, time) => decideBatch(draft, time, request, this.#parts, resolve),
    }));
  }

  #enqueue<T>(make: (resolve: (outcome: T) => void) => Omit<Waiting, 'reject'>, first = false): Promise<T> {
    if (this.#failure !== null) return Promise.reject(new Unavailable('log-unavailable'));
    return new Promise((resolve, reject) => {
      const waiting = { ...make(resolve), reject };
      if (first) this.#queue.unshift(waiting);
      else this.#queue.push(waiting);
      this.#running ??= this.#run();
    });
  }

  /** Runs `work` with nothing being committed meanwhile. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#exclusive.then(work);
    this.#exclusive = turn.catch(() => undefined);
    return turn;
  }

  /** Brings the store up to the log. @throws Unavailable `store-unavailable` */
  repair(): Promise<number> {
    this.#storeBehind = true;
    return this.exclusively(() => this.#repair());
  }

  /** Waits for what is being committed, and brings the store up to the log where it is behind. @throws Unavailable `store-unavailable` */
  async level(): Promise<void> {
    await this.exclusively(() => this.#repair());
  }

  /** Resolves when everything that was submitted is decided. */
  async drain(): Promise<void> {
    while (this.#running !== null) await this.#running;
    await this.#exclusive;
  }

  async #run(): Promise<void> {
    // Requests of one turn of the event loop make one batch; while it is being written the next one gathers.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, MAX_BATCH);
      try {
        await this.exclusively(() => this.#commit(batch));
      } catch (error) {
        for (const { reject } of batch) reject(error as Error);
      }
    }
    this.#running = null;
  }

  async #repair(): Promise<number> {
    const { wal, vault, pepper, projection } = this.#parts;
    const repaired = await projection.repair({ wal, vault, pepper });
    if (repaired > 0) this.#repairs += 1;
    this.#storeBehind = false;
    return repaired;
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    if (this.#failure !== null) throw new Unavailable('log-unavailable');
    const { wal, projection, population } = this.#parts;
    const before = await this.#load(batch);
    const draft = new Draft(wal.size, new Map(before));
    for (const waiting of batch) this.#decideOne(waiting, draft);
    let batches: PartitionBatch[];
    try {
      await this.#flush(draft);
      if (draft.records.length > 0) await wal.append(draft.base, draft.records);
      batches = this.#remember(draft);
      this.#parts.committed(draft);
      for (const finish of draft.finishing) await finish();
    } catch (error) {
      this.#failure = error as Error;
      throw new Unavailable('log-unavailable');
    }
    for (const [id, { subject }] of draft.puts) population.change(id, before.get(id) ?? null, subject);
    try {
      await projection.apply(batches);
    } catch (error) {
      this.#storeBehind = true;
      throw error instanceof StoreBehind ? new Unavailable('store-unavailable') : error;
    } finally {
      for (const [id, { subject }] of draft.puts) this.#parts.changed(id, draft.replaced.get(id) ?? null, subject);
    }
    for (const answer of draft.answers) answer();
  }

  /** What is durable becomes true in memory, and is demanded of the store. */
  #remember(draft: Draft): PartitionBatch[] {
    const { tree, spent, book, projection } = this.#parts;
    this.#lastErasure = Math.max(this.#lastErasure, draft.lastErasure);
    for (const hash of draft.hashes) tree.append(hash);
    for (const [key, fact] of draft.spent) spent.add(key, fact);
    spent.purge(this.#time / 1000);
    // Before the store has the mapping: no walk of it may meet a credential that the book does not know.
    for (const [id, entry] of draft.credentials) book.put(id, entry);
    return projection.commit(draft.puts);
  }

  /** What the records will name, side by side. */
  async #flush({ newSlots, base, evidence: records }: Draft): Promise<void> {
    const { vault, classes, documents, evidence } = this.#parts;
    const kept = records.length === 0 ? null : evidence.append(base, records);
    await Promise.all([newSlots ? vault.flush() : null, classes.flush(), documents.flush(), kept]);
  }

  async #load(batch: readonly Waiting[]): Promise<Map<SubjectId, Subject | null>> {
    const ids = new Set<SubjectId>();
    for (const waiting of batch) for (const id of waiting.ids()) ids.add(id);
    if (ids.size === 0) return new Map();
    if (this.#storeBehind) await this.#repair();
    const wanted = [...ids];
    const subjects = await this.#subjects(wanted);
    return new Map(wanted.map((id, i) => [id, subjects[i] ?? null]));
  }

  async #subjects(ids: readonly SubjectId[]): Promise<(Subject | null)[]> {
    try {
      return await this.#parts.projection.subjects(ids);
    } catch (error) {
      if (!(error instanceof StoreBehind)) throw error;
      await this.#repair();
      return this.#parts.projection.subjects(ids);
    }
  }

  /** A fault in one decision is that request's alone. */
  #decideOne({ decide, reject }: Waiting, draft: Draft): void {
    // A clock that steps back must not reorder the log.
    this.#time = Math.max(this.#time, this.#parts.clock.now());
    try {
      decide(draft, this.#time);
    } catch (error) {
      reject(error as Error);
    }
  }
}
