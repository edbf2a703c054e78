import { randomBytes } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MemoryMappingStore } from '../adapters/memory/index.js';
import { RedisMappingStore } from '../adapters/redis/index.js';
import type { MappingStore } from '../ports/index.js';
import type { BenchOptions, BenchResult, Figure } from './bench-figure.js';
import { numberAt } from './bench-place.js';
import { startRedis, usedMemory } from './bench-redis.js';
import { fillStore } from './bench-subject.js';

/** Octets of id and packed record alone: no store can be smaller. */
const BAR = { of: 'value', sense: 'at most', bound: 110 } as const;

/** What a mapping costs in memory when there are many, in the process's own store and in Redis. */
export const measure = async ({ quick, tell }: BenchOptions): Promise<BenchResult> => {
  const count = quick ? 20_000 : 1_000_000;
  tell(`  ${count} mappings in memory`);
  const own = await inProcess(count);
  const figures = [figure(`octets a mapping, ${count} in the process`, own.each, own.content)];
  tell(`  ${count} mappings in Redis`);
  const redis = await inRedis(count);
  if (redis !== null) figures.push(figure(`octets a mapping, ${count} in Redis`, redis, own.content));
  return { figures, leftOut: redis === null ? ['memory in Redis: there is no redis-server on this machine'] : [] };
};

const figure = (what: string, value: number, content: number): Figure => ({
  bench: 'memory',
  what,
  value,
  unit: 'octets',
  limit: { what: 'id and packed record alone', value: content },
  bar: BAR,
});

const inProcess = async (count: number): Promise<{ each: number; content: number }> => {
  const before = settledMemory();
  const store = new MemoryMappingStore();
  await fillStore(store, count, numberAt);
  const each = (settledMemory() - before) / count;
  return { each, content: await contentOf(store, count) };
};

const contentOf = async (store: MappingStore, count: number): Promise<number> => {
  let octets = 0;
  for await (const [id, packed] of store.entries()) octets += id.length + packed.length;
  return octets / count;
};

/** Octets that are reachable: after collections, since what is dead costs nothing for long. */
const settledMemory = (): number => {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') for (let i = 0; i < 4; i += 1) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

const inRedis = async (count: number): Promise<number | null> => {
  const server = await startRedis();
  if (server === null) return null;
  try {
    const store = await RedisMappingStore.open({ url: server.url, deadline: 10_000, keyPrefix: `bench${randomBytes(4).toString('hex')}:` });
    const before = await usedMemory(server.url);
    await fillStore(store, count, numberAt);
    const after = await usedMemory(server.url);
    await store.close();
    return (after - before) / count;
  } finally {
    await server.stop();
  }
};
