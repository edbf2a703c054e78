import { refuse } from '../reasons/index.js';
import { PARTITIONS, partitionOf, type MappingStore, type PartitionBatch, type SubjectId, type Vault } from '../ports/index.js';
import { NO_KEY, packSubject, unpackSubject, type Subject } from '../registry/index.js';
import { foldEntry, type FoldSource } from './fold.js';
import { readJournalEntry, subjectsOf, type JournalEntry } from './journal.js';

/** Records replayed between two writes to the store: bounds memory, and the size of one batch. */
const REPLAY_CHUNK = 4000;

export interface Put {
  readonly subject: Subject;
  /** Index of the leaf that made it. */
  readonly index: number;
}

/** What replaying needs: an erasure that a crash interrupted is finished by it. */
export interface ReplaySource extends FoldSource {
  readonly vault: Pick<Vault, 'open' | 'erase'>;
}

/**
 * Keeps the mapping store equal to the fold of the log.
 * `committed` is, per partition, the position that the WAL demands; `applied` what the store was told. Readers demand `applied`:
 * a store that has lost a write is then seen before it can answer wrongly.
 */
export class Projection {
  readonly #store: MappingStore;
  readonly #epoch: number;
  readonly #committed: Float64Array;
  readonly #applied: Float64Array;

  /** `committed` as the snapshot and the tail of the WAL give it. */
  constructor(store: MappingStore, epoch: number, committed: Float64Array) {
    this.#store = store;
    this.#epoch = epoch;
    this.#committed = committed;
    this.#applied = committed.slice();
  }

  get positions(): Float64Array {
    return this.#committed;
  }

  readonly expected = (partition: number): number => this.#applied[partition] as number;

  /** Subjects as the store has them. @throws StoreBehind, Unavailable `store-unavailable` */
  async subjects(ids: readonly SubjectId[]): Promise<(Subject | null)[]> {
    const packed = await this.#store.get(ids, this.expected);
    return packed.map((octets) => (octets === null ? null : unpackSubject(octets)));
  }

  /** Called once the leaves are durable: the log now demands these positions, whether or not the store can be told. */
  commit(puts: ReadonlyMap<SubjectId, Put>): PartitionBatch[] {
    const batches = groupByPartition(puts, this.#committed);
    for (const batch of batches) this.#committed[batch.partition] = batch.position;
    return batches;
  }

  async apply(batches: readonly PartitionBatch[]): Promise<void> {
    if (batches.length === 0) return;
    await this.#store.apply(this.#epoch, batches);
    for (const batch of batches) this.#applied[batch.partition] = batch.position;
  }

  /**
   * Replays into the store whatever it is behind by. The caller holds the sequencer: nothing else is committed meanwhile.
   * Returns the number of partitions that were behind.
   * @throws Refusal `log-corrupt` when the store is ahead of the log: then the log, not the store, has lost something.
   */
  async repair(source: ReplaySource): Promise<number> {
    const at = await this.#store.positions();
    const behind: number[] = [];
    let from = Infinity;
    for (let p = 0; p < PARTITIONS; p += 1) {
      const have = at[p] as number;
      const want = this.#committed[p] as number;
      if (have > want) return refuse('log-corrupt', `the mapping store is ahead of the log in partition ${p}`);
      if (have === want) continue;
      behind.push(p);
      from = Math.min(from, have);
    }
    if (behind.length > 0) await this.#replay(source, new Set(behind), at, from);
    this.#applied.set(this.#committed);
    return behind.length;
  }

  async #replay(source: ReplaySource, behind: ReadonlySet<number>, at: Float64Array, from: number): Promise<void> {
    const replay = this.replayFrom(at, source.vault);
    for await (const { index, record } of source.wal.read(from)) {
      const entry = readJournalEntry(source.vault, index, record);
      const ids = subjectsOf(entry, source.pepper);
      await replay.push(
        ids.filter((id) => behind.has(partitionOf(id))),
        entry,
      );
    }
    await replay.end();
    await this.#level(behind, at);
  }

  /** What was erased left nothing to put: its partitions are brought to where the log demands them all the same. */
  async #level(behind: ReadonlySet<number>, at: Float64Array): Promise<void> {
    const batches: PartitionBatch[] = [];
    for (const partition of behind) {
      const [previous, position] = [at[partition] as number, this.#committed[partition] as number];
      if (previous < position) batches.push({ partition, previous, position, puts: [] });
    }
    if (batches.length > 0) await this.#store.apply(this.#epoch, batches);
  }

  /** Applies journal entries, in order, to a store whose partitions are at `at`; what a partition holds already is passed over. */
  replayFrom(at: Float64Array, vault: ReplaySource['vault']): Replay {
    return new Replay(this.#store, this.#epoch, at, vault);
  }
}

/** Journal entries on their way into the store, some thousands at a time. */
export class Replay {
  readonly #store: MappingStore;
  readonly #epoch: number;
  readonly #at: Float64Array;
  readonly #vault: ReplaySource['vault'];
  #chunk: { readonly id: SubjectId; readonly entry: JournalEntry }[] = [];

  constructor(store: MappingStore, epoch: number, at: Float64Array, vault: ReplaySource['vault']) {
    this.#store = store;
    this.#epoch = epoch;
    this.#at = at;
    this.#vault = vault;
  }

  /** An entry with all the subjects that it changes: a partition that is at its position has been told all of it. */
  async push(ids: readonly SubjectId[], entry: JournalEntry): Promise<void> {
    for (const id of ids) if (entry.index >= (this.#at[partitionOf(id)] as number)) this.#chunk.push({ id, entry });
    if (this.#chunk.length >= REPLAY_CHUNK) await this.end();
  }

  /** Applies what is pending. */
  async end(): Promise<void> {
    const chunk = this.#chunk;
    if (chunk.length === 0) return;
    this.#chunk = [];
    const at = this.#at;
    const ids = [...new Set(chunk.map(({ id }) => id))];
    const packed = await this.#store.get(ids, (partition) => at[partition] as number);
    const subjects = new Map(ids.map((id, i) => [id, unpackOrNull(packed[i] ?? null)]));
    const puts = new Map<SubjectId, Put>();
    const orphaned = new Set<number>();
    for (const { id, entry } of chunk) {
      const subject = subjects.get(id) ?? null;
      // A snapshot is taken while writes go on: a subject may be newer than the position it was saved under.
      const known = subject !== null && subject.leafIndex >= entry.index;
      const next = known ? subject : foldEntry(subject, entry);
      if (next === null) continue;
      // The key is destroyed before the store is told: one that the store still names may be there.
      if (next.keySlot === NO_KEY && subject !== null && subject.keySlot !== NO_KEY) orphaned.add(subject.keySlot);
      subjects.set(id, next);
      puts.set(id, { subject: next, index: entry.index });
    }
    for (const slot of orphaned) await this.#vault.erase(slot);
    const batches = groupByPartition(puts, at);
    await this.#store.apply(this.#epoch, batches);
    for (const batch of batches) at[batch.partition] = batch.position;
  }
}

const unpackOrNull = (octets: Uint8Array | null): Subject | null => (octets === null ? null : unpackSubject(octets));

const groupByPartition = (puts: ReadonlyMap<SubjectId, Put>, previous: Float64Array): PartitionBatch[] => {
  const groups = new Map<number, { position: number; puts: { id: SubjectId; packed: Uint8Array }[] }>();
  for (const [id, put] of puts) {
    const partition = partitionOf(id);
    let group = groups.get(partition);
    if (group === undefined) groups.set(partition, (group = { position: 0, puts: [] }));
    group.position = Math.max(group.position, put.index + 1);
    group.puts.push({ id, packed: packSubject(put.subject) });
  }
  return [...groups].map(([partition, group]) => ({ partition, previous: previous[partition] as number, ...group }));
};
