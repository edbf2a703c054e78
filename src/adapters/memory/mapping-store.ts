import {
  PARTITIONS,
  StoreBehind,
  partitionOf,
  type MappingStore,
  type PartitionBatch,
  type StoreWhole,
  type SubjectId,
} from '../../ports/index.js';
import { Unavailable } from '../../reasons/index.js';
import { RecordTable } from '../../registry/index.js';

interface Partition {
  position: number;
  readonly records: RecordTable;
}

/** The embedded profile's projection: gone with the process, and replayed from the log at start. */
export class MemoryMappingStore implements MappingStore {
  private readonly partitions: readonly Partition[] = Array.from({ length: PARTITIONS }, () => ({
    position: 0,
    records: new RecordTable(),
  }));
  private epoch = 0;

  readonly whole: StoreWhole = {
    dump: () => dumpsOf(this.partitions),
    load: (epoch, partitions) => {
      this.enter(epoch);
      for (const { partition: number, position, records } of partitions) {
        const partition = this.partition(number);
        partition.records.load(records);
        partition.position = position;
      }
    },
  };

  private partition(number: number): Partition {
    const partition = this.partitions[number];
    if (partition === undefined) throw new RangeError('no such partition');
    return partition;
  }

  private enter(epoch: number): void {
    if (epoch < this.epoch) throw new Unavailable('store-unavailable', 'a later epoch has begun');
    this.epoch = epoch;
  }

  get(ids: readonly SubjectId[], expected: (partition: number) => number): Promise<(Uint8Array | null)[]> {
    const behind = new Set<number>();
    const found = ids.map((id) => {
      const number = partitionOf(id);
      const partition = this.partition(number);
      if (partition.position < expected(number)) behind.add(number);
      return partition.records.get(id);
    });
    return behind.size > 0 ? Promise.reject(new StoreBehind([...behind])) : Promise.resolve(found);
  }

  async apply(epoch: number, batches: readonly PartitionBatch[]): Promise<void> {
    this.enter(epoch);
    const behind = batches.filter((batch) => !this.applyOne(batch)).map((batch) => batch.partition);
    if (behind.length > 0) throw new StoreBehind(behind);
  }

  private applyOne(batch: PartitionBatch): boolean {
    const partition = this.partition(batch.partition);
    if (partition.position >= batch.position) return true;
    if (partition.position < batch.previous) return false;
    if (batch.puts.some(({ id }) => partitionOf(id) !== batch.partition)) throw new RangeError('a subject is put into a foreign partition');
    for (const { id, packed } of batch.puts) partition.records.set(id, packed);
    partition.position = batch.position;
    return true;
  }

  positions(): Promise<Float64Array> {
    return Promise.resolve(Float64Array.from(this.partitions, (partition) => partition.position));
  }

  async reset(epoch: number, partitions: readonly number[]): Promise<void> {
    this.enter(epoch);
    for (const number of partitions) {
      const partition = this.partition(number);
      partition.records.clear();
      partition.position = 0;
    }
  }

  async *entries(): AsyncIterable<readonly [SubjectId, Uint8Array]> {
    // One by one: an async generator that delegates to a list takes three times as long.
    for (const partition of this.partitions) for (const entry of partition.records.entries()) yield entry;
  }

  ping(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function* dumpsOf(partitions: readonly Partition[]): Generator<Uint8Array> {
  for (const { records } of partitions) yield records.dump();
}
