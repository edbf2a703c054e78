import { createHash } from 'node:crypto';
import { appendFileSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createClient } from 'redis';
import { FileQuotaJournal } from '../../src/adapters/files/index.js';
import { MemoryQuotaStore } from '../../src/adapters/memory/index.js';
import { RedisQuotaStore } from '../../src/adapters/redis/index.js';
import type { QuotaCharge, QuotaOutcome, QuotaStore } from '../../src/ports/index.js';
import { Unavailable } from '../../src/reasons/index.js';
import { RedisServer, hasRedis } from '../support/redis-server.js';

const HOUR = 3_600_000;
/** Redis lets keys of the past go at once: the epochs of this suite are to come. */
const START = Math.ceil(Date.now() / HOUR) * HOUR;
const epochAfter = (hours: number) => ({ start: START + hours * HOUR, end: START + (hours + 1) * HOUR });
const ME = '00112233445566aa';
const SOMEBODY = 'ffeeddccbbaa0099';

const of = (marks: readonly number[], more: Partial<QuotaCharge> = {}): QuotaCharge => ({
  client: ME,
  epoch: epochAfter(0),
  marks,
  limit: 10,
  bucket: { size: 1_000_000, drain: 1 },
  now: START,
  floor: 0,
  ...more,
});
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, at) => from + at);
/** As a gateway makes them: as good as random. */
const randomMark = (n: number): number => createHash('sha256').update(String(n)).digest().readUIntBE(0, 6);
const briefly = ({ over, used, fresh }: QuotaOutcome) => [over, used, fresh.filter(Boolean).length];

interface Kind {
  readonly name: string;
  readonly open: () => Promise<QuotaStore>;
  readonly end: () => Promise<void>;
}

const done = async (): Promise<void> => undefined;
const journal = (directory = mkdtempSync(join(tmpdir(), 'signpost-quota-'))) => new FileQuotaJournal(directory, () => performance.now());
const memory: Kind = { name: 'in memory', open: async () => new MemoryQuotaStore(), end: done };
const embedded: Kind = { name: 'in memory and on the disk', open: async () => new MemoryQuotaStore(journal()), end: done };
const redis = async (): Promise<Kind> => {
  const server = await RedisServer.start();
  let spaces = 0;
  return {
    name: 'in Redis',
    open: () => RedisQuotaStore.open({ url: server.url, keyPrefix: `t${spaces++}:`, deadline: 20_000 }),
    end: () => server.stop(),
  };
};
const kinds: readonly Kind[] = hasRedis ? [memory, embedded, await redis()] : [memory, embedded];

describe.each(kinds)('a quota store $name', ({ open, end }) => {
  let store: QuotaStore;
  const opened: QuotaStore[] = [];

  beforeEach(async () => {
    store = await open();
    opened.push(store);
  });

  afterAll(async () => {
    for (const one of opened) await one.close();
    await end();
  });

  test('counts each mark once, up to the limit and not short of it', async () => {
    expect(await store.charge(of([1, 2, 3]))).toEqual({ over: null, used: 3, fresh: [true, true, true], wait: 0 });
    expect(await store.charge(of([3, 4, 1]))).toEqual({ over: null, used: 4, fresh: [false, true, false], wait: 0 });
    expect(briefly(await store.charge(of(range(5, 11))))).toEqual([null, 10, 6]);
    expect(briefly(await store.charge(of([11])))).toEqual(['epoch', 10, 1]);
    expect(briefly(await store.charge(of(range(1, 11))))).toEqual([null, 10, 0]);
    expect(await store.used(ME, epochAfter(0))).toBe(10);
  });

  test('counts all of a charge or nothing', async () => {
    await store.charge(of(range(0, 8)));
    expect(await store.charge(of([1, 8, 9, 10]))).toEqual({ over: 'epoch', used: 8, fresh: [false, true, true, true], wait: 0 });
    expect(await store.used(ME, epochAfter(0))).toBe(8);
    expect(briefly(await store.charge(of([1, 8, 9])))).toEqual([null, 10, 2]);
  });

  test('keeps clients and epochs apart, and an unknown one has used nothing', async () => {
    await store.charge(of(range(0, 10)));
    expect(briefly(await store.charge(of([1], { client: SOMEBODY })))).toEqual([null, 1, 1]);
    expect(briefly(await store.charge(of([1], { epoch: epochAfter(1) })))).toEqual([null, 1, 1]);
    expect(await store.used(SOMEBODY, epochAfter(1))).toBe(0);
  });

  test('takes the largest marks apart from their neighbours, and nothing at all', async () => {
    const last = 2 ** 52 - 1;
    expect(briefly(await store.charge(of([last, last - 1, 0])))).toEqual([null, 3, 3]);
    expect((await store.charge(of([last, last - 2]))).fresh).toEqual([false, true]);
    expect(briefly(await store.charge(of([])))).toEqual([null, 4, 0]);
  });

  test('a limit that falls below what was used grants what was counted and nothing new; one that grows grants more', async () => {
    await store.charge(of(range(0, 10)));
    expect(briefly(await store.charge(of([1, 2], { limit: 3 })))).toEqual([null, 10, 0]);
    expect(briefly(await store.charge(of([10], { limit: 3 })))).toEqual(['epoch', 10, 1]);
    expect(briefly(await store.charge(of([10], { limit: 11 })))).toEqual([null, 11, 1]);
  });

  test('never counts below what its caller has seen', async () => {
    expect(briefly(await store.charge(of([1], { floor: 10 })))).toEqual(['epoch', 10, 1]);
    expect(briefly(await store.charge(of([1], { floor: 9 })))).toEqual([null, 10, 1]);
  });

  test('holds bursts back until the bucket has drained, whatever the epoch has left', async () => {
    const bucket = { size: 4, drain: 0.001 };
    const paced = (marks: readonly number[], seconds: number) =>
      store.charge(of(marks, { limit: 1000, bucket, now: START + seconds * 1000 }));
    expect(briefly(await paced([1, 2, 3], 0))).toEqual([null, 3, 3]);
    expect(await paced([4, 5], 0)).toEqual({ over: 'burst', used: 3, fresh: [true, true], wait: 1000 });
    expect(briefly(await paced([1, 4], 0))).toEqual([null, 4, 1]);
    expect(await paced([5, 6], 1)).toMatchObject({ over: 'burst', wait: 1000 });
    expect(briefly(await paced([5, 6], 2))).toEqual([null, 6, 2]);
    // Repeats fill nothing, a clock that steps back drains nothing, and what never fits is said to.
    expect(briefly(await paced([1, 2, 3, 4, 5, 6], 2))).toEqual([null, 6, 0]);
    expect(await paced([7], 0)).toMatchObject({ over: 'burst' });
    expect(await paced(range(10, 15), 1000)).toMatchObject({ over: 'burst', wait: Infinity });
  });

  test('counts thousands, all of them found again', async () => {
    const marks = range(0, 5000).map(randomMark);
    const distinct = new Set(marks).size;
    for (let at = 0; at < marks.length; at += 250) await store.charge(of(marks.slice(at, at + 250), { limit: 1_000_000 }));
    expect(await store.used(ME, epochAfter(0))).toBe(distinct);
    const again = await store.charge(of(marks, { limit: 1_000_000 }));
    expect(briefly(again)).toEqual([null, distinct, 0]);
  });

  test('of 500 charges at once exactly the limit is granted', async () => {
    const outcomes = await Promise.all(range(0, 500).map((mark) => store.charge(of([mark], { limit: 200 }))));
    expect(outcomes.filter(({ over }) => over === null)).toHaveLength(200);
    expect(await store.used(ME, epochAfter(0))).toBe(200);
  });

  test('over any interleaving the distinct marks granted are at most the limit, and what is refused would have been more', async () => {
    const charge = fc.uniqueArray(fc.nat(30), { minLength: 1, maxLength: 6 });
    const property = fc.asyncProperty(fc.array(charge, { maxLength: 20 }), fc.nat(25), async (charges, limit) => {
      const fresh = await open();
      opened.push(fresh);
      const outcomes = await Promise.all(charges.map((marks) => fresh.charge(of(marks, { limit }))));
      const granted = new Set(charges.filter((_, at) => outcomes[at]?.over === null).flat());
      expect(granted.size).toBeLessThanOrEqual(limit);
      expect(await fresh.used(ME, epochAfter(0))).toBe(granted.size);
      for (const [at, marks] of charges.entries()) {
        const { over, used = 0, fresh: isNew = [] } = outcomes[at] ?? {};
        if (over !== null) expect(used + isNew.filter(Boolean).length).toBeGreaterThan(limit);
        else expect(marks.every((mark) => granted.has(mark))).toBe(true);
      }
    });
    await fc.assert(property, { numRuns: 40 });
  });
});

const reasonOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: unknown) => (error instanceof Unavailable ? error.reason : String(error)),
  );

describe('over a restart on the same disk', () => {
  test('the count of the epoch goes on, also after a kill that left a part of a record, and another epoch begins anew', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'signpost-quota-'));
    const first = new MemoryQuotaStore(journal(directory));
    await first.charge(of(range(0, 7)));
    await first.charge(of([1], { client: SOMEBODY }));
    // Killed: not closed. What the kernel has is what the next process reads.
    appendFileSync(join(directory, String(START)), Buffer.alloc(9, 1));
    const second = new MemoryQuotaStore(journal(directory));
    expect(await second.used(ME, epochAfter(0))).toBe(7);
    expect(briefly(await second.charge(of([3, 7])))).toEqual([null, 8, 1]);
    await second.close();
    const third = new MemoryQuotaStore(journal(directory));
    expect(briefly(await third.charge(of([3, 7, 8, 9, 10])))).toEqual(['epoch', 8, 3]);
    expect(await third.used(SOMEBODY, epochAfter(0))).toBe(1);
    expect(await third.used(ME, epochAfter(1))).toBe(0);
    expect(readdirSync(directory)).toEqual([String(START + HOUR)]);
    // A clock that stepped back opens no epoch that is over: neither in this process nor in the next.
    expect(await reasonOf(third.charge(of([3])))).toBe('store-unavailable');
    await third.close();
    const fourth = new MemoryQuotaStore(journal(directory));
    expect(await reasonOf(fourth.charge(of([3])))).toBe('store-unavailable');
    await fourth.close();
    await first.close();
  });

  test('a disk that fails stops every charge from there on: nothing is answered unmetered', async () => {
    const inner = journal();
    let isBroken = false;
    const store = new MemoryQuotaStore({
      begin: (start) => inner.begin(start),
      append: (octets) => (isBroken ? Promise.reject(new Error('full')) : inner.append(octets)),
      close: () => inner.close(),
    });
    expect(await reasonOf(store.charge(of([1])))).toBe('none');
    isBroken = true;
    expect(await reasonOf(store.charge(of([2])))).toBe('store-unavailable');
    expect(await reasonOf(store.charge(of([1])))).toBe('store-unavailable');
    await store.close();
  });
});

(hasRedis ? describe : describe.skip)('Redis', () => {
  test('that is gone is unavailable; two gateways on one count together, and keys go with their epoch', async () => {
    const server = await RedisServer.start();
    const [one, two] = await Promise.all([0, 1].map(() => RedisQuotaStore.open({ url: server.url, deadline: 20_000 })));
    if (one === undefined || two === undefined) throw new Error('not opened');
    const outcomes = await Promise.all(range(0, 100).map((mark) => (mark % 2 === 0 ? one : two).charge(of([mark], { limit: 30 }))));
    expect(outcomes.filter(({ over }) => over === null)).toHaveLength(30);
    for (let at = 0; at < 3000; at += 250) await one.charge(of(range(at, at + 250).map(randomMark), { limit: 1_000_000 }));
    const client = await createClient({ url: server.url }).connect();
    const keys = await client.keys('*');
    const sets = keys.filter((key) => /:\d+$/.test(key));
    expect(sets.length).toBeGreaterThan(10);
    expect(new Set(await Promise.all(sets.map((key) => client.objectEncoding(key))))).toEqual(new Set(['intset']));
    const ends = epochAfter(0).end;
    for (const expires of await Promise.all(keys.map((key) => client.pExpireTime(key)))) expect(expires).toBe(ends + HOUR);
    client.destroy();
    await server.stop();
    const hasty = await RedisQuotaStore.open({ url: server.url, deadline: 50 });
    expect(await reasonOf(hasty.charge(of([1])))).toBe('store-unavailable');
    expect(await reasonOf(hasty.used(ME, epochAfter(0)))).toBe('store-unavailable');
    for (const store of [one, two, hasty]) await store.close();
  });
});
