import {
  countsOf,
  encodeBundle,
  encodeLeaf,
  digestInLeaf,
  encodeRecordProof,
  nameInLeaf,
  parseLeaf,
  pathOfRecord,
  recordsOfBatch,
  rootOfRecords,
  versionsInLeaf,
  type LeafBatch,
} from '../log/index.js';
import type { Clock, RejectRecords, WriteAheadLog } from '../ports/index.js';
import { Refusal, Unavailable, refuse } from '../reasons/index.js';
import type { Committed } from './decision.js';
import type { Draft } from './draft.js';
import type { RejectBudget } from './reject-budget.js';
import type { GatheredRefusal, RejectWindows } from './reject-windows.js';
import { versionsOf, type World } from './world.js';

/*
 * Refusals beyond a client's budget become one leaf a window. Writes, and what a crash after each leaves:
 *  1 the records, durable     records that no leaf names: nobody was answered; they go with their day
 *  2 the batch leaf's commit  as the sequencer's second
 *  3 answers                  nothing to repair
 * Records that cannot be written leave their submissions undecided (`log-unavailable`), and the log as it was.
 */

const DAY_MS = 86_400_000;
const dayOf = (ms: number): number => Math.floor(ms / DAY_MS);

/** What a batch leaf is made of. */
export interface BatchRequest {
  readonly client: string;
  readonly batch: LeafBatch;
}

/** A leaf that changes no subject, with nothing sealed beside it: of what is refused beyond the budget no opening is kept. */
export const decideBatch = (
  draft: Draft,
  time: number,
  { client, batch }: BatchRequest,
  { gateway, world }: { readonly gateway: string; readonly world: () => World },
  resolve: (committed: Omit<Committed, 'outcome' | 'subject'>) => void,
): void => {
  const [why = ''] = Object.keys(batch.why);
  const leaf = encodeLeaf({
    v: 1,
    k: 'batch',
    t: time,
    act: null,
    ap: nameInLeaf(client),
    np: null,
    tok: null,
    sii: null,
    map: null,
    why,
    ...versionsInLeaf(versionsOf(world())),
    gw: gateway,
    batch,
  });
  const index = draft.next;
  const leafHash = draft.record({ leaf, sealed: new Uint8Array(), keySlot: 0 });
  draft.answers.push(() => resolve({ index, time, leafHash }));
};

export interface RejectBatchParts {
  readonly windows: RejectWindows;
  readonly budget: RejectBudget;
  readonly records: RejectRecords;
  readonly sequencer: { batch(request: BatchRequest): Promise<Omit<Committed, 'outcome' | 'subject'>> };
  readonly wal: Pick<WriteAheadLog, 'get'>;
  readonly clock: Clock;
  readonly retentionDays: () => number;
}

/** Since the start, over all clients; names nobody. */
export interface RejectState {
  readonly batches: number;
  /** Refusals in them. */
  readonly batched: number;
  /** Submissions turned away undecided, because their client had too many refusals in one window. */
  readonly shed: number;
  /** Refusals that wait for their batch now. */
  readonly waiting: number;
}

/** Closes windows, and finds again what was in them. */
export class RejectBatches {
  readonly #parts: RejectBatchParts;
  #batches = 0;
  #batched = 0;

  constructor(parts: RejectBatchParts) {
    this.#parts = parts;
  }

  get state(): RejectState {
    return { batches: this.#batches, batched: this.#batched, shed: this.#parts.windows.shed, waiting: this.#parts.windows.waiting };
  }

  /** One batch for each client that has anything gathered; to be called each second. @throws the first fault, once every batch has succeeded or failed */
  async flush(): Promise<void> {
    const { windows, budget } = this.#parts;
    budget.purge();
    const outcomes = await Promise.allSettled([...windows.take()].map(([client, gathered]) => this.#commit(client, gathered)));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  async #commit(client: string, gathered: readonly GatheredRefusal[]): Promise<void> {
    const { records, sequencer, clock } = this.#parts;
    const octets = gathered.map((refusal) => refusal.octets);
    const root = rootOfRecords(octets);
    const why = countsOf(gathered.map(({ reason }) => reason));
    try {
      await records.save(dayOf(clock.now()), root, encodeBundle(octets));
      const committed = await sequencer.batch({ client, batch: { n: octets.length, root: digestInLeaf(root), why } });
      gathered.forEach(({ resolve }, batchIndex) => resolve({ ...committed, batchIndex }));
    } catch (error) {
      for (const { reject } of gathered) reject(error instanceof Unavailable ? error : new Unavailable('log-unavailable'));
      throw error;
    }
    this.#batches += 1;
    this.#batched += octets.length;
  }

  /** Removes records that are older than policy keeps them; to be called seldom. */
  async forget(): Promise<void> {
    const { records, clock, retentionDays } = this.#parts;
    await records.keepFrom(dayOf(clock.now()) - retentionDays());
  }

  /** The octets of one record. @throws Refusal `not-found`, `records-expired`, `log-corrupt` */
  async record(index: number, position: number): Promise<Uint8Array> {
    const { records } = await this.#recordsOf(index, position);
    return records[position] as Uint8Array;
  }

  /** Proof of one record in its batch, before `tlogProof`, that of the batch leaf in the log. @throws as `record` */
  async proof(index: number, position: number, tlogProof: string): Promise<string> {
    const { leaf, records } = await this.#recordsOf(index, position);
    return encodeRecordProof({ record: position, leaf, path: await pathOfRecord(records, position), tlogProof });
  }

  async #recordsOf(index: number, position: number): Promise<{ readonly leaf: Uint8Array; readonly records: Uint8Array[] }> {
    const { leaf } = await this.#parts.wal.get(index);
    const { batch, t } = parseLeaf(leaf);
    if (batch === undefined || position >= batch.n) return refuse('not-found', 'record');
    const octets = await readRecords(this.#parts.records, batch, t);
    if (octets === 'expired') throw new Refusal('records-expired');
    if (octets === null) return refuse('log-corrupt', `the records of entry ${index} are missing`);
    return { leaf, records: recordsOfBatch(octets, batch) };
  }
}

/** The records of a batch leaf of time `t`, ms: they were written on the leaf's day, or on the one before where midnight fell between the two. */
export const readRecords = async (records: RejectRecords, { root }: LeafBatch, t: number): Promise<Uint8Array | 'expired' | null> => {
  const name = Buffer.from(root, 'base64url');
  const octets = (await records.read(dayOf(t), name)) ?? (await records.read(dayOf(t) - 1, name));
  if (octets !== null) return octets;
  return dayOf(t) <= (await records.keptFrom()) ? 'expired' : null;
};
