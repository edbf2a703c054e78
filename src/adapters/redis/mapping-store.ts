import { PARTITIONS, StoreBehind, partitionOf, type MappingStore, type PartitionBatch, type SubjectId } from '../../ports/index.js';
import { Unavailable } from '../../reasons/index.js';
import { RedisConnection, type RedisOptions } from './connection.js';
import { epochKey, fieldOf, idOf, partitionKey } from './keys.js';
import { APPLY, LIST, READ, RESET } from './scripts.js';
import { problemsOf, remarksOf } from './server-settings.js';

export interface RedisMappingStoreOptions extends Omit<RedisOptions, 'deadline'> {
  /** Before every key, so that a server can be shared. */
  readonly keyPrefix?: string | undefined;
  /** ms for a read that gets no answer; writes have four times as long. */
  readonly deadline?: number | undefined;
}

type Outcome = 'ok' | 'fenced' | 'behind';

/** Scripts sent at once. Redis answers each in some 15 us, so that no wave comes near the deadline. */
const WAVE = 1_024;

/** ms. Beyond it a lookup's answer comes too late to be worth waiting for. */
const READ_DEADLINE = 500;

/** Giving up a write costs a repair, so it is waited for longer. */
const WRITE_PATIENCE = 4;

/** Nobody waits for a listing, and a partition of a large store is long. */
const LIST_PATIENCE = 20;

/** Partitions listed in one round trip: bounds what is in memory, which is twice as much. */
const LISTED_AT_ONCE = 16;

const ALL_PARTITIONS = Array.from({ length: PARTITIONS }, (_, number) => number);

/** Which of `ids` are in which partition, by their place in the list. */
const byPartition = (ids: readonly SubjectId[]): ReadonlyMap<number, readonly number[]> => {
  const places = new Map<number, number[]>();
  ids.forEach((id, place) => {
    const partition = partitionOf(id);
    const known = places.get(partition);
    if (known === undefined) places.set(partition, [place]);
    else known.push(place);
  });
  return places;
};

const pairsOf = (list: readonly Buffer[]): (readonly [Buffer, Buffer])[] => {
  const pairs: (readonly [Buffer, Buffer])[] = [];
  for (let at = 0; at + 1 < list.length; at += 2) {
    const [first, second] = [list[at], list[at + 1]];
    if (first !== undefined && second !== undefined) pairs.push([first, second]);
  }
  return pairs;
};

/**
 * The projection in one Redis server. Two connections, so that lookups do not queue behind a batch that is being applied.
 * Proven by the scripts: a batch is applied whole or not at all, with its position, and never under an old epoch.
 * Not proven: that this server is the one that took the last write; a lost or rolled back server is seen by its positions (StoreBehind).
 */
export class RedisMappingStore implements MappingStore {
  private readonly reader: RedisConnection;
  private readonly writer: RedisConnection;
  private readonly prefix: string;

  private constructor(reader: RedisConnection, writer: RedisConnection, prefix: string) {
    this.reader = reader;
    this.writer = writer;
    this.prefix = prefix;
  }

  /** Resolves when connected or when that takes too long; calls are Unavailable `store-unavailable` until it succeeds. */
  static async open(options: RedisMappingStoreOptions): Promise<RedisMappingStore> {
    const { deadline = READ_DEADLINE } = options;
    const patient = { ...options, deadline: deadline * WRITE_PATIENCE };
    const [reader, writer] = await Promise.all([RedisConnection.open({ ...options, deadline }), RedisConnection.open(patient)]);
    return new RedisMappingStore(reader, writer, options.keyPrefix ?? '');
  }

  async get(ids: readonly SubjectId[], expected: (partition: number) => number): Promise<(Uint8Array | null)[]> {
    const found = Array.from<Uint8Array | null>({ length: ids.length }).fill(null);
    const behind: number[] = [];
    const read = async ([partition, places]: readonly [number, readonly number[]]): Promise<void> => {
      const fields = places.map((place) => fieldOf(ids[place] ?? ''));
      const [position, ...records] = await this.reader.run<(Buffer | null)[]>(READ, [this.key(partition)], fields);
      // Not `<`: a position that is no number is behind, too.
      if (!(Number(String(position)) >= expected(partition))) behind.push(partition);
      records.forEach((record, index) => (found[places[index] ?? 0] = record));
    };
    await this.waves(this.reader, [...byPartition(ids)], read);
    if (behind.length > 0) throw new StoreBehind(behind);
    return found;
  }

  async apply(epoch: number, batches: readonly PartitionBatch[]): Promise<void> {
    const foreign = batches.some((batch) => batch.puts.some(({ id }) => partitionOf(id) !== batch.partition));
    if (foreign) throw new RangeError('a subject is put into a foreign partition');
    const behind: number[] = [];
    const applyOne = async (batch: PartitionBatch): Promise<void> => {
      const records = batch.puts.flatMap(({ id, packed }) => [fieldOf(id), Buffer.from(packed)]);
      const values = [String(epoch), String(batch.previous), String(batch.position), ...records];
      if ((await this.write(APPLY, batch.partition, values)) === 'behind') behind.push(batch.partition);
    };
    await this.waves(this.writer, batches, applyOne);
    if (behind.length > 0) throw new StoreBehind(behind);
  }

  async positions(): Promise<Float64Array> {
    const positions = new Float64Array(PARTITIONS);
    await this.waves(this.reader, ALL_PARTITIONS, async (partition) => {
      const [position] = await this.reader.run<(Buffer | null)[]>(READ, [this.key(partition)], []);
      positions[partition] = Number(String(position));
    });
    return positions;
  }

  async reset(epoch: number, partitions: readonly number[]): Promise<void> {
    await this.waves(this.writer, partitions, async (partition) => {
      await this.write(RESET, partition, [String(epoch)]);
    });
  }

  async *entries(): AsyncIterable<readonly [SubjectId, Uint8Array]> {
    let ahead = this.list(0);
    for (let from = 0; from < PARTITIONS; from += LISTED_AT_ONCE) {
      const lists = await ahead;
      // While these are looked at the next ones come.
      if (from + LISTED_AT_ONCE < PARTITIONS) ahead = this.list(from + LISTED_AT_ONCE);
      // A failure is the next round's, or nobody's where the caller has left.
      ahead.catch(() => undefined);
      // One by one: an async generator that delegates to a list takes three times as long.
      for (const records of lists) for (const record of records) yield record;
    }
  }

  private list(from: number): Promise<(readonly (readonly [SubjectId, Uint8Array])[])[]> {
    const lists = ALL_PARTITIONS.slice(from, from + LISTED_AT_ONCE).map(async (partition) => {
      const list = await this.reader.run<Buffer[]>(LIST, [this.key(partition)], []);
      return pairsOf(list).map(([field, packed]) => [idOf(partition, field), packed] as const);
    });
    return this.reader.within(Promise.all(lists), LIST_PATIENCE);
  }

  async ping(): Promise<void> {
    await Promise.all([this.reader, this.writer].map((connection) => connection.within(connection.send(['PING']))));
  }

  /** Why this store cannot keep a promise, for readiness; in words for operators. */
  async problems(): Promise<string[]> {
    try {
      return await problemsOf(this.reader);
    } catch (error) {
      if (error instanceof Unavailable) return [error.message];
      throw error;
    }
  }

  /** Settings of the server that cost memory, for the start-up log. @throws Unavailable `store-unavailable` */
  remarks(): Promise<string[]> {
    return remarksOf(this.reader);
  }

  async close(): Promise<void> {
    this.reader.close();
    this.writer.close();
  }

  private key(partition: number): string {
    return partitionKey(this.prefix, partition);
  }

  private async write(script: typeof APPLY, partition: number, values: readonly (string | Buffer)[]): Promise<Outcome> {
    const keys = [this.key(partition), epochKey(this.prefix)];
    const outcome = String(await this.writer.run<Buffer>(script, keys, values));
    if (outcome === 'fenced') throw new Unavailable('store-unavailable', 'a later epoch has begun');
    if (outcome !== 'ok' && outcome !== 'behind') throw new Unavailable('store-unavailable', 'Redis gives an unknown answer');
    return outcome;
  }

  private async waves<T>(connection: RedisConnection, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
    for (let from = 0; from < items.length; from += WAVE) {
      await connection.within(Promise.all(items.slice(from, from + WAVE).map(work)));
    }
  }
}
