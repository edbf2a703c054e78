import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createHash } from 'node:crypto';
import { MemoryMappingStore } from '../../src/adapters/memory/index.js';
import { RedisMappingStore } from '../../src/adapters/redis/index.js';
import { PARTITIONS, StoreBehind, partitionOf, type MappingStore, type PartitionBatch, type SubjectId } from '../../src/ports/index.js';
import { Unavailable } from '../../src/reasons/index.js';
import { RedisServer, hasRedis } from '../support/redis-server.js';

/** A subject's id in that partition. */
const idIn = (partition: number, number: number): SubjectId => {
  const digest = createHash('sha256').update(`${partition} ${number}`).digest();
  digest[0] = partition >> 4;
  digest[1] = ((partition & 15) << 4) | ((digest[1] ?? 0) & 15);
  return digest.toString('latin1', 0, 16);
};

const octets = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));
const put = (id: SubjectId, text: string) => ({ id, packed: octets(text) });
const batch = (partition: number, previous: number, position: number, ...puts: PartitionBatch['puts']): PartitionBatch => ({
  partition,
  previous,
  position,
  puts,
});
const at = (position: number) => () => position;
const textsOf = (records: readonly (Uint8Array | null)[]): (string | null)[] =>
  records.map((record) => (record === null ? null : Buffer.from(record).toString()));

const failureOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  );
const reasonOf = async (work: Promise<unknown>): Promise<string> => {
  const error = await failureOf(work);
  return error instanceof Unavailable ? error.reason : String(error);
};
const behindOf = async (work: Promise<unknown>): Promise<readonly number[]> => {
  const error = await failureOf(work);
  if (!(error instanceof StoreBehind)) throw new Error(`not StoreBehind: ${String(error)}`);
  return error.partitions.toSorted((a, b) => a - b);
};

const everything = async (store: MappingStore): Promise<Map<SubjectId, string>> => {
  const found = new Map<SubjectId, string>();
  for await (const [id, packed] of store.entries()) {
    if (found.has(id)) throw new Error('one subject twice');
    found.set(id, Buffer.from(packed).toString());
  }
  return found;
};

interface Kind {
  readonly name: string;
  readonly open: () => Promise<MappingStore>;
  readonly end: () => Promise<void>;
}

const memory: Kind = { name: 'in memory', open: async () => new MemoryMappingStore(), end: async () => undefined };

const redis = async (): Promise<Kind> => {
  const server = await RedisServer.start();
  let spaces = 0;
  return {
    name: 'in Redis',
    open: () => RedisMappingStore.open({ url: server.url, keyPrefix: `t${spaces++}:`, deadline: 20_000 }),
    end: () => server.stop(),
  };
};

const kinds: readonly Kind[] = hasRedis ? [memory, await redis()] : [memory];

describe.each(kinds)('a mapping store $name', ({ open, end }) => {
  let store: MappingStore;
  const opened: MappingStore[] = [];

  beforeEach(async () => {
    store = await open();
    opened.push(store);
  });

  afterAll(async () => {
    for (const one of opened) await one.close();
    await end();
  });

  test('has nothing at first, and answers', async () => {
    await store.ping();
    expect(await store.get([idIn(1, 1), idIn(2, 1)], at(0))).toEqual([null, null]);
    expect(await store.get([], at(0))).toEqual([]);
    expect(await store.positions()).toEqual(new Float64Array(PARTITIONS));
    expect(await everything(store)).toEqual(new Map());
  });

  test('shows what was applied, in the order asked, octet for octet', async () => {
    const strange = { id: idIn(7, 2), packed: Uint8Array.from({ length: 256 }, (_, octet) => octet) };
    await store.apply(1, [batch(7, 0, 5, put(idIn(7, 1), 'one'), strange), batch(0, 0, 3, put(idIn(0, 1), ''))]);
    const found = await store.get([idIn(7, 2), idIn(0, 1), idIn(7, 9), idIn(7, 1), idIn(7, 2)], (partition) => (partition === 7 ? 5 : 3));
    expect(found[0]).toEqual(Buffer.from(strange.packed));
    expect(textsOf(found.slice(1, 4))).toEqual(['', null, 'one']);
    expect(found[4]).toEqual(found[0]);
    const positions = await store.positions();
    expect([positions[0], positions[7], positions[8]]).toEqual([3, 5, 0]);
  });

  test('replaces a record, and positions are exact up to 2^53 - 1', async () => {
    const last = Number.MAX_SAFE_INTEGER;
    await store.apply(1, [batch(7, 0, last - 1, put(idIn(7, 1), 'one'))]);
    expect(await behindOf(store.get([idIn(7, 1)], at(last)))).toEqual([7]);
    await store.apply(1, [batch(7, last - 1, last, put(idIn(7, 1), 'two'))]);
    expect(textsOf(await store.get([idIn(7, 1)], at(last)))).toEqual(['two']);
  });

  test('a batch that was applied already does nothing and succeeds', async () => {
    const first = batch(7, 0, 5, put(idIn(7, 1), 'old'));
    await store.apply(1, [first]);
    await store.apply(1, [batch(7, 5, 9, put(idIn(7, 1), 'new'))]);
    await store.apply(1, [first]);
    expect(textsOf(await store.get([idIn(7, 1)], at(9)))).toEqual(['new']);
  });

  test('an interrupted apply may be repeated whole: what had arrived stays, the rest follows', async () => {
    const whole = [
      batch(1, 0, 5, put(idIn(1, 1), 'one')),
      batch(2, 0, 6, put(idIn(2, 1), 'two')),
      batch(3, 0, 7, put(idIn(3, 1), 'three')),
    ];
    await store.apply(1, whole.slice(0, 1));
    await store.apply(1, whole);
    await store.apply(1, whole);
    expect(textsOf(await store.get([idIn(1, 1), idIn(2, 1), idIn(3, 1)], (partition) => partition + 4))).toEqual(['one', 'two', 'three']);
  });

  test('a batch that begins before the position and ends after it is applied: replay may cut batches elsewhere', async () => {
    await store.apply(1, [batch(7, 0, 5, put(idIn(7, 1), 'one'))]);
    await store.apply(1, [batch(7, 3, 9, put(idIn(7, 1), 'two'))]);
    expect(textsOf(await store.get([idIn(7, 1)], at(9)))).toEqual(['two']);
  });

  test('a partition that is behind is neither read nor written, and is named', async () => {
    await store.apply(1, [batch(7, 0, 5, put(idIn(7, 1), 'one'))]);
    expect(await behindOf(store.apply(1, [batch(7, 6, 9, put(idIn(7, 1), 'two')), batch(9, 1, 9, put(idIn(9, 1), 'two'))]))).toEqual([
      7, 9,
    ]);
    expect(textsOf(await store.get([idIn(7, 1), idIn(9, 1)], (partition) => (partition === 7 ? 5 : 0)))).toEqual(['one', null]);
    expect(await behindOf(store.get([idIn(7, 1), idIn(9, 1), idIn(8, 1)], (partition) => (partition === 8 ? 0 : 6)))).toEqual([7, 9]);
  });

  test('a lower epoch is refused for good, in every partition, and writes nothing', async () => {
    await store.apply(5, [batch(7, 0, 5, put(idIn(7, 1), 'one'))]);
    expect(await reasonOf(store.apply(4, [batch(7, 5, 6, put(idIn(7, 1), 'two'))]))).toBe('store-unavailable');
    expect(await reasonOf(store.apply(4, [batch(8, 0, 6, put(idIn(8, 1), 'two'))]))).toBe('store-unavailable');
    expect(await reasonOf(store.reset(4, [7]))).toBe('store-unavailable');
    expect(textsOf(await store.get([idIn(7, 1), idIn(8, 1)], at(0)))).toEqual(['one', null]);
    await store.apply(5, [batch(7, 5, 6, put(idIn(7, 1), 'two'))]);
    await store.reset(6, [7]);
    expect(await reasonOf(store.apply(5, [batch(7, 0, 6, put(idIn(7, 1), 'two'))]))).toBe('store-unavailable');
    await store.apply(6, [batch(7, 0, 6, put(idIn(7, 1), 'two'))]);
  });

  test('reset empties these partitions alone, for a replay', async () => {
    await store.apply(1, [batch(7, 0, 5, put(idIn(7, 1), 'one')), batch(8, 0, 5, put(idIn(8, 1), 'one'))]);
    await store.reset(1, [7, 9]);
    expect([...(await everything(store)).keys()]).toEqual([idIn(8, 1)]);
    expect((await store.positions())[7]).toBe(0);
    expect(await behindOf(store.get([idIn(7, 1)], at(5)))).toEqual([7]);
    await store.apply(1, [batch(7, 0, 5, put(idIn(7, 2), 'two'))]);
    expect(textsOf(await store.get([idIn(7, 1), idIn(7, 2)], at(5)))).toEqual([null, 'two']);
  });

  test('a subject is never put into another partition than its own', async () => {
    await expect(store.apply(1, [batch(7, 0, 5, put(idIn(8, 1), 'one'))])).rejects.toThrow(RangeError);
    expect((await store.positions())[7]).toBe(0);
  });

  test('a partition grows to thousands of subjects, and every one is found and listed once', async () => {
    const puts = Array.from({ length: 3_000 }, (_, number) => put(idIn(7, number), `record ${number}`));
    for (let from = 0; from < puts.length; from += 250) await store.apply(1, [batch(7, from, from + 250, ...puts.slice(from, from + 250))]);
    await store.apply(1, [batch(8, 0, 3_000, put(idIn(8, 1), 'neighbour'))]);
    const ids = puts.map(({ id }) => id);
    expect(textsOf(await store.get(ids, at(3_000)))).toEqual(puts.map(({ packed }) => Buffer.from(packed).toString()));
    const listed = await everything(store);
    expect(listed.size).toBe(3_001);
    expect(puts.every(({ id, packed }) => listed.get(id) === Buffer.from(packed).toString())).toBe(true);
  });

  test('any sequence of batches, repeats and resets leaves what a plain map would hold', async () => {
    const step = fc.record({
      partition: fc.nat(2),
      subjects: fc.array(fc.nat(5), { maxLength: 4 }),
      act: fc.constantFrom('apply', 'repeat', 'reset'),
    });
    const property = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const fresh = await open();
      const model = new Map<SubjectId, string>();
      const last = new Map<number, PartitionBatch>();
      for (const [number, { partition, subjects, act }] of steps.entries()) {
        const done = last.get(partition);
        if (act === 'reset') {
          await fresh.reset(1, [partition]);
          last.delete(partition);
          for (const id of model.keys()) if (partitionOf(id) === partition) model.delete(id);
        } else if (act === 'repeat' && done !== undefined) {
          await fresh.apply(1, [done]);
        } else {
          const puts = [...new Set(subjects)].map((subject) => put(idIn(partition, subject), `put ${number}`));
          const next = batch(partition, done?.position ?? 0, number + 1, ...puts);
          await fresh.apply(1, [next]);
          last.set(partition, next);
          for (const { id } of puts) model.set(id, `put ${number}`);
        }
      }
      expect(await everything(fresh)).toEqual(model);
      await fresh.close();
    });
    await fc.assert(property, { numRuns: 15 });
  });
});
