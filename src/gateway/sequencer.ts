import { Unavailable, type Reason } from '../reasons/index.js';
import { subjectId } from '../identifiers/index.js';
import { leafHash, type Tree } from '../log/index.js';
import {
  StoreBehind,
  type Clock,
  type RandomSource,
  type SubjectId,
  type Vault,
  type WalRecord,
  type WriteAheadLog,
} from '../ports/index.js';
import { transition, type RegistryEvent, type Subject } from '../registry/index.js';
import type { NotAccepted, VerifiedPassport } from '../verification/index.js';
import { effectStands } from './effect.js';
import { sealingContext } from './journal.js';
import { acceptedLeaf, refusedLeaf } from './leaf-record.js';
import type { Projection, Put } from './projection.js';
import { encodeSealedEvent, encodeSealedRefusal } from './sealed-event.js';
import { signingMark, spentKey, spentKeys, type Spent, type SpentPassports } from './spent-passports.js';
import { versionsOf, type World } from './world.js';

/*
 * The one place where order is decided and where a decision becomes a fact. Writes, and what a crash after each leaves:
 *  1 vault keys of new subjects, flushed      keys that nothing refers to: harmless, never reused
 *  2 WAL append, fdatasync                    THE COMMIT. Nobody was answered; a retry gets this answer; start-up replays it into the store
 *  3 mapping store, under its log position    as 2: the store is at or behind the log, and `Projection.repair` brings it up
 *  4 answer                                   nothing to repair
 * A failure of 1 or 2 stops the sequencer for good: what is in memory may be ahead of the disk, so only a restart may go on.
 * A failure of 3 stops it until the store answers again and has been repaired.
 */

/** DESIGN section 3: one fdatasync per batch of at most 2,000 leaves. */
const MAX_BATCH = 2000;
/** Waiting requests beyond this are turned away: 5 batches. */
const MAX_QUEUE = 10_000;
const DAY_MS = 86_400_000;

export type SequencerRequest =
  | { readonly kind: 'passport'; readonly event: RegistryEvent; readonly verified: VerifiedPassport; readonly client: string }
  | { readonly kind: 'connection'; readonly event: RegistryEvent; readonly client: string }
  | { readonly kind: 'refusal'; readonly verdict: NotAccepted; readonly client: string };

export interface Committed {
  readonly outcome: 'committed';
  readonly index: number;
  /** ms */
  readonly time: number;
  readonly leafHash: Uint8Array;
  readonly subject: Subject | null;
}

export type Sequenced =
  | Committed
  /** The leaf says no. */
  | (Omit<Committed, 'outcome'> & {
      readonly outcome: 'refused';
      readonly reason: Reason;
      readonly step: 'check-replay' | 'check-order';
      readonly detail: string | null;
    })
  /** Accepted before, by the same client, and its effect stands: the first answer is due. */
  | { readonly outcome: 'repeat'; readonly index: number; readonly subject: Subject }
  /** What it was judged under has moved: judge again. */
  | { readonly outcome: 'moved' };

export interface SequencerParts {
  readonly wal: WriteAheadLog;
  readonly vault: Vault;
  readonly projection: Projection;
  readonly tree: Tree;
  readonly spent: SpentPassports;
  readonly pepper: Uint8Array;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Name and build of this gateway, for the leaves. */
  readonly gateway: string;
  readonly world: () => World;
  /** ms: no leaf gets an earlier time. */
  readonly timeFloor: number;
}

interface Waiting {
  readonly request: SequencerRequest;
  readonly resolve: (outcome: Sequenced) => void;
  readonly reject: (error: Error) => void;
}

interface Draft {
  readonly records: WalRecord[];
  readonly puts: Map<SubjectId, Put>;
  readonly working: Map<SubjectId, Subject | null>;
  readonly answers: (() => void)[];
  readonly hashes: Uint8Array[];
  readonly spent: Map<string, Spent>;
  newSlots: boolean;
}

export class Sequencer {
  readonly #parts: SequencerParts;
  #queue: Waiting[] = [];
  #running: Promise<void> | null = null;
  #time: number;
  #failure: Error | null = null;
  #storeBehind = false;
  #refusalSlot: { readonly day: number; readonly slot: number } | null = null;
  #exclusive: Promise<unknown> = Promise.resolve();

  constructor(parts: SequencerParts) {
    this.#parts = parts;
    this.#time = parts.timeFloor;
  }

  /** Why nothing can be committed, or null. */
  get failure(): Error | null {
    return this.#failure;
  }

  get storeBehind(): boolean {
    return this.#storeBehind;
  }

  /** ms: time of the newest leaf. */
  get time(): number {
    return this.#time;
  }

  /** Resolves once the decision is durable and the store has it. @throws Unavailable `overloaded`, `log-unavailable`, `store-unavailable` */
  submit(request: SequencerRequest): Promise<Sequenced> {
    if (this.#failure !== null) return Promise.reject(new Unavailable('log-unavailable'));
    if (this.#queue.length >= MAX_QUEUE) return Promise.reject(new Unavailable('overloaded', undefined, null, 1));
    return new Promise((resolve, reject) => {
      this.#queue.push({ request, resolve, reject });
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
    this.#storeBehind = false;
    return repaired;
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    if (this.#failure !== null) throw new Unavailable('log-unavailable');
    const { wal, vault, tree, projection } = this.#parts;
    const draft: Draft = {
      records: [],
      puts: new Map(),
      working: await this.#load(batch),
      answers: [],
      hashes: [],
      spent: new Map(),
      newSlots: false,
    };
    const base = wal.size;
    for (const waiting of batch) this.#decideOne(waiting, base, draft);
    try {
      if (draft.newSlots) await vault.flush();
      if (draft.records.length > 0) await wal.append(base, draft.records);
    } catch (error) {
      this.#failure = error as Error;
      throw new Unavailable('log-unavailable');
    }
    for (const hash of draft.hashes) tree.append(hash);
    for (const [key, spent] of draft.spent) this.#parts.spent.add(key, spent);
    this.#parts.spent.purge(this.#time / 1000);
    const batches = projection.commit(draft.puts);
    try {
      await projection.apply(batches);
    } catch (error) {
      this.#storeBehind = true;
      throw error instanceof StoreBehind ? new Unavailable('store-unavailable') : error;
    }
    for (const answer of draft.answers) answer();
  }

  async #load(batch: readonly Waiting[]): Promise<Map<SubjectId, Subject | null>> {
    const ids = new Set<SubjectId>();
    for (const { request } of batch) if (request.kind !== 'refusal') ids.add(subjectId(this.#parts.pepper, request.event.sii));
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

  /** A fault in one decision is that request's alone: nothing of it has reached the draft yet. */
  #decideOne(waiting: Waiting, base: number, draft: Draft): void {
    try {
      this.#decide(waiting, base, draft);
    } catch (error) {
      waiting.reject(error as Error);
    }
  }

  #decide(waiting: Waiting, base: number, draft: Draft): void {
    const index = base + draft.records.length;
    // A clock that steps back must not reorder the log.
    this.#time = Math.max(this.#time, this.#parts.clock.now());
    const { request, resolve } = waiting;
    if (request.kind === 'refusal') {
      const committed = this.#refuse(draft, index, request.verdict, request.client);
      draft.answers.push(() => resolve({ ...committed, outcome: 'committed' }));
      return;
    }
    const id = subjectId(this.#parts.pepper, request.event.sii);
    const subject = draft.working.get(id) ?? null;
    const seen = request.kind === 'passport' ? this.#seen(request.verified, request.client, subject, draft) : null;
    if (seen !== null && typeof seen === 'number') {
      const standing = subject as Subject;
      draft.answers.push(() => resolve({ outcome: 'repeat', index: seen, subject: standing }));
    } else if (seen !== null) this.#refuseEvent(draft, index, waiting, seen, 'check-replay', null);
    else this.#apply(draft, index, waiting, id, subject);
  }

  /** Null: never seen. A number: the leaf of the first answer, which is due again. A reason: refuse. */
  #seen(verified: VerifiedPassport, client: string, subject: Subject | null, draft: Draft): number | 'jti-replay' | 'jti-conflict' | null {
    const key = spentKey(verified.signer.spkiDigest, verified.claims.jti);
    const spent = draft.spent.get(key) ?? this.#parts.spent.find(key);
    if (spent === null) return null;
    if (spent.signing !== signingMark(verified.signingDigest)) return 'jti-conflict';
    if (spent.client !== client || !effectStands(subject, verified.claims, spent.index, this.#time)) return 'jti-replay';
    return spent.index;
  }

  #apply(draft: Draft, index: number, waiting: Waiting, id: SubjectId, subject: Subject | null): void {
    const request = waiting.request as Exclude<SequencerRequest, { kind: 'refusal' }>;
    const { event } = request;
    const world = this.#parts.world();
    if (request.kind === 'passport' && request.verified.claims.exp * 1000 <= this.#time) {
      this.#refuseEvent(draft, index, waiting, 'expired-token', 'check-replay', null);
      return;
    }
    const result = transition(subject, event, {
      index,
      time: this.#time,
      versions: versionsOf(world),
      providerOfRecord: world.verifier.providerOfRecord(event.sii, this.#time),
      mappingLifetime: world.mappingLifetime,
      keySlot: 0,
    });
    if (result.outcome === 'moved') draft.answers.push(() => waiting.resolve({ outcome: 'moved' }));
    else if (result.outcome === 'refused') this.#refuseEvent(draft, index, waiting, result.reason, 'check-order', result.detail);
    else this.#accept(draft, index, waiting, id, subject === null ? this.#withKey(result.subject, draft) : result.subject);
  }

  #withKey(subject: Subject, draft: Draft): Subject {
    draft.newSlots = true;
    return { ...subject, keySlot: this.#parts.vault.newSlot() };
  }

  #accept(draft: Draft, index: number, waiting: Waiting, id: SubjectId, subject: Subject): void {
    const request = waiting.request as Exclude<SequencerRequest, { kind: 'refusal' }>;
    const { vault, random } = this.#parts;
    const opening = random(32);
    const time = this.#time;
    const verified = request.kind === 'passport' ? request.verified : null;
    const leaf = acceptedLeaf({
      event: request.event,
      verified,
      client: request.client,
      time,
      opening,
      gateway: this.#parts.gateway,
      versions: versionsOf(this.#parts.world()),
    });
    const sealed = vault.seal(
      subject.keySlot,
      sealingContext(index),
      encodeSealedEvent({
        event: request.event,
        opening,
        mappingLifetime: this.#parts.world().mappingLifetime,
        spent:
          verified === null ? null : { signingDigest: verified.signingDigest, client: request.client, byReference: verified.byReference },
      }),
    );
    if (verified !== null) {
      const spent = { index, signing: signingMark(verified.signingDigest), client: request.client, exp: verified.claims.exp };
      for (const key of spentKeys(verified.signer, verified.claims.jti, verified)) draft.spent.set(key, spent);
    }
    draft.working.set(id, subject);
    draft.puts.set(id, { subject, index });
    const hash = this.#record(draft, { leaf, sealed, keySlot: subject.keySlot });
    draft.answers.push(() => waiting.resolve({ outcome: 'committed', index, time, leafHash: hash, subject }));
  }

  #refuseEvent(
    draft: Draft,
    index: number,
    waiting: Waiting,
    reason: Reason,
    step: 'check-replay' | 'check-order',
    detail: string | null,
  ): void {
    const request = waiting.request as Exclude<SequencerRequest, { kind: 'refusal' }>;
    const verified = request.kind === 'passport' ? request.verified : null;
    const committed = this.#refuse(
      draft,
      index,
      {
        reason,
        known: {
          action: verified?.claims.action ?? 'withdraw',
          sii: request.event.sii,
          ssi: 'ssi' in request.event ? request.event.ssi : null,
          signer: verified?.signer ?? null,
          passportDigest: verified?.passportDigest ?? null,
        },
        versions: versionsOf(this.#parts.world()),
      },
      request.client,
    );
    draft.answers.push(() => waiting.resolve({ ...committed, outcome: 'refused', reason, step, detail }));
  }

  #refuse(
    draft: Draft,
    index: number,
    verdict: Pick<NotAccepted, 'reason' | 'known' | 'versions'>,
    client: string,
  ): Omit<Committed, 'outcome'> {
    const opening = this.#parts.random(32);
    const time = this.#time;
    const keySlot = this.#slotForRefusals(draft);
    const leaf = refusedLeaf({ verdict, client, time, opening, gateway: this.#parts.gateway });
    const { sii, ssi } = verdict.known;
    const sealed = this.#parts.vault.seal(keySlot, sealingContext(index), encodeSealedRefusal({ opening, sii, ssi }));
    const hash = this.#record(draft, { leaf, sealed, keySlot });
    return { index, time, leafHash: hash, subject: null };
  }

  #slotForRefusals(draft: Draft): number {
    const day = Math.floor(this.#time / DAY_MS);
    if (this.#refusalSlot?.day !== day) {
      this.#refusalSlot = { day, slot: this.#parts.vault.newSlot(day + this.#parts.world().refusalRetentionDays) };
      draft.newSlots = true;
    }
    return this.#refusalSlot.slot;
  }

  #record(draft: Draft, record: WalRecord): Uint8Array {
    draft.records.push(record);
    const hash = leafHash(record.leaf);
    draft.hashes.push(hash);
    return hash;
  }
}
