import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createClient } from 'redis';
import { RedisMappingStore, type RedisMappingStoreOptions } from '../../src/adapters/redis/index.js';
import { StoreBehind, partitionOf, type PartitionBatch, type SubjectId } from '../../src/ports/index.js';
import { Unavailable } from '../../src/reasons/index.js';
import { packSubject } from '../../src/registry/index.js';
import { DAY, SII, after, registering } from '../support/registry-fixtures.js';
import { RedisServer, hasRedis } from '../support/redis-server.js';

const idOf = (text: string): SubjectId => createHash('sha256').update(text).digest().toString('latin1', 0, 16);
const ID = idOf('one');
const PARTITION = partitionOf(ID);
const batch = (previous: number, position: number, text: string): PartitionBatch => ({
  partition: PARTITION,
  previous,
  position,
  puts: [{ id: ID, packed: Buffer.from(text) }],
});
const at = (position: number) => () => position;
const outcomeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof Unavailable ? error.reason : error instanceof StoreBehind ? 'behind' : String(error)),
  );

/** Repeats until the outcome is there: the connection comes back by itself, in its own time. */
const eventually = async (work: () => Promise<unknown>, outcome: string): Promise<void> => {
  while ((await outcomeOf(work())) !== outcome) await new Promise((resolve) => setImmediate(resolve));
};

const opened: RedisMappingStore[] = [];
const open = async (options: RedisMappingStoreOptions): Promise<RedisMappingStore> => {
  const store = await RedisMappingStore.open(options);
  opened.push(store);
  return store;
};
const closeAll = async (): Promise<void> => {
  for (const store of opened.splice(0)) await store.close();
};

/** Says something to the server behind the store's back. */
const tell = async (server: RedisServer, ...command: string[]): Promise<unknown> => {
  const client = await createClient({ url: server.url }).connect();
  const reply = await client.sendCommand(command);
  client.destroy();
  return reply;
};

(hasRedis ? describe : describe.skip)('one Redis server', () => {
  let server: RedisServer;
  let store: RedisMappingStore;

  beforeAll(async () => {
    server = await RedisServer.start('--appendonly', 'yes', '--appendfsync', 'always');
    store = await open({ url: server.url, deadline: 20_000 });
  });

  afterAll(async () => {
    await closeAll();
    await server.stop();
  });

  test('FLUSHALL is seen at the next read and write of a touched partition, and a replay mends it', async () => {
    await store.apply(1, [batch(0, 5, 'one')]);
    await tell(server, 'FLUSHALL');
    expect(await outcomeOf(store.get([ID], at(5)))).toBe('behind');
    expect(await outcomeOf(store.apply(1, [batch(5, 6, 'two')]))).toBe('behind');
    await store.reset(1, [PARTITION]);
    await store.apply(1, [batch(0, 6, 'two')]);
    expect(String((await store.get([ID], at(6)))[0])).toBe('two');
    await store.reset(1, [PARTITION]);
  });

  test('a server that forgot the scripts is taught them again', async () => {
    await store.apply(1, [batch(0, 5, 'one')]);
    await tell(server, 'SCRIPT', 'FLUSH');
    expect(String((await store.get([ID], at(5)))[0])).toBe('one');
    await tell(server, 'SCRIPT', 'FLUSH');
    await store.apply(1, [batch(5, 6, 'two')]);
    await tell(server, 'SCRIPT', 'FLUSH');
    await store.reset(1, [PARTITION]);
    expect((await store.get([ID], at(0)))[0]).toBeNull();
  });

  test('after kill -9 and restart with appendonly everything acknowledged is there, and the store comes back by itself', async () => {
    for (let position = 1; position <= 50; position++) await store.apply(1, [batch(position - 1, position, `put ${position}`)]);
    await server.kill();
    expect(await outcomeOf(store.get([ID], at(50)))).toBe('store-unavailable');
    expect(await outcomeOf(store.apply(1, [batch(50, 51, 'lost')]))).toBe('store-unavailable');
    expect(await outcomeOf(store.ping())).toBe('store-unavailable');
    expect(await store.problems()).toHaveLength(1);
    await server.restart();
    await eventually(() => store.ping(), 'done');
    expect(String((await store.get([ID], at(50)))[0])).toBe('put 50');
    await store.apply(1, [batch(50, 51, 'next')]);
  });

  test('a server rolled back to an older file is behind, not believed', async () => {
    const manifest = join(server.directory, 'appendonlydir', 'appendonly.aof.1.incr.aof');
    await store.reset(1, [PARTITION]);
    await store.apply(1, [batch(0, 60, 'old')]);
    copyFileSync(manifest, `${manifest}.old`);
    await store.apply(1, [batch(60, 61, 'new')]);
    await server.kill();
    copyFileSync(`${manifest}.old`, manifest);
    await server.restart();
    await eventually(() => store.ping(), 'done');
    expect(await outcomeOf(store.get([ID], at(61)))).toBe('behind');
    expect(String((await store.get([ID], at(60)))[0])).toBe('old');
    await store.apply(1, [batch(60, 61, 'new')]);
    expect(String((await store.get([ID], at(61)))[0])).toBe('new');
  });

  test('a listing that the server goes from ends as unavailable, and is whole when asked for again', async () => {
    const own = await open({ url: server.url, deadline: 20_000, keyPrefix: 'listed:' });
    const ids = Array.from({ length: 300 }, (_, index) => idOf(`listed ${index}`));
    for (const id of ids)
      await own.apply(1, [
        { partition: partitionOf(id), previous: 0, position: ids.indexOf(id) + 1, puts: [{ id, packed: Buffer.from(id, 'latin1') }] },
      ]);
    const list = async (meanwhile: () => Promise<void>): Promise<number> => {
      let count = 0;
      for await (const [id, packed] of own.entries()) {
        expect(Buffer.from(packed).toString('latin1')).toBe(id);
        if (count === 0) await meanwhile();
        count += 1;
      }
      return count;
    };
    expect(await outcomeOf(list(() => server.kill()))).toBe('store-unavailable');
    await server.restart();
    await eventually(() => own.ping(), 'done');
    expect(await list(() => Promise.resolve())).toBe(ids.length);
  });

  test('an apply cut off by kill -9 may be repeated whole, and ends as if it had never been cut', async () => {
    const ids = Array.from({ length: 400 }, (_, number) => idOf(`cut ${number}`)).filter(
      (id, place, all) => all.findIndex((other) => partitionOf(other) === partitionOf(id)) === place && partitionOf(id) !== PARTITION,
    );
    const batches = ids.map((id) => ({
      partition: partitionOf(id),
      previous: 0,
      position: 70,
      puts: [{ id, packed: Buffer.from(id, 'latin1') }],
    }));
    const interrupted = outcomeOf(store.apply(1, batches));
    await server.kill();
    expect(['store-unavailable', 'done']).toContain(await interrupted);
    await server.restart();
    await eventually(() => store.apply(1, batches), 'done');
    await eventually(() => store.ping(), 'done');
    const found = await store.get(ids, at(70));
    expect(found.map((packed) => Buffer.from(packed ?? []).toString('latin1'))).toEqual(ids);
  });

  test('a loop that stood still is no server that hangs', async () => {
    const hasty = await open({ url: server.url, keyPrefix: 'stood:', deadline: 50 });
    try {
      await eventually(() => hasty.ping(), 'done');
      const asked = outcomeOf(hasty.get([ID], at(0)));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
      expect(await asked).toBe('done');
    } finally {
      await hasty.close();
    }
  });

  test('a server that hangs is given up at the deadline, and used again when it answers', async () => {
    const hasty = await open({ url: server.url, keyPrefix: 'hasty:', deadline: 50 });
    await eventually(() => hasty.ping(), 'done');
    server.signal('SIGSTOP');
    expect(await outcomeOf(hasty.get([ID], at(0)))).toBe('store-unavailable');
    const unknown = await outcomeOf(hasty.apply(1, [batch(0, 5, 'one')]));
    server.signal('SIGCONT');
    expect(unknown).toBe('store-unavailable');
    await eventually(() => hasty.apply(1, [batch(0, 5, 'one')]), 'done');
    await eventually(() => hasty.get([ID], at(5)), 'done');
  });

  test('holds no number, address, domain or id in clear in a key, and keeps buckets compact', async () => {
    const subject = after(registering('a.example', DAY));
    const ids = Array.from({ length: 500 }, (_, number) => idOf(`${SII} ${number}`)).map((id) => ID.slice(0, 2) + id.slice(2));
    const puts = ids.map((id) => ({ id, packed: packSubject(subject) }));
    const clear = await open({ url: server.url, keyPrefix: 'clear:', deadline: 20_000 });
    await clear.apply(1, [{ partition: PARTITION, previous: 0, position: 1, puts }]);
    const keys = (await tell(server, 'KEYS', 'clear:*')) as string[];
    expect(keys.every((key) => /^clear:(epoch|\{p\d+\}(:\d+)?)$/.test(key))).toBe(true);
    expect(keys.filter((key) => key.includes('}:')).length).toBe(8);
    for (const key of keys.filter((name) => name.includes('}:'))) expect(await tell(server, 'OBJECT', 'ENCODING', key)).toBe('listpack');
    expect(readFileSync(join(server.directory, 'appendonlydir', 'appendonly.aof.1.incr.aof')).includes('12025550100')).toBe(false);
  });

  test('an error of the server is unavailable, never "no mapping"', async () => {
    const broken = await open({ url: server.url, keyPrefix: 'broken:', deadline: 20_000 });
    await tell(server, 'SET', `broken:{p${PARTITION}}`, 'not a hash');
    expect(await outcomeOf(broken.get([ID], at(0)))).toBe('store-unavailable');
    expect(await outcomeOf(broken.apply(1, [batch(0, 1, 'one')]))).toBe('store-unavailable');
    expect(await outcomeOf(broken.positions())).toBe('store-unavailable');
  });

  test('a partition whose bookkeeping is damaged is behind or unavailable, never empty', async () => {
    const damaged = await open({ url: server.url, keyPrefix: 'damaged:', deadline: 20_000 });
    const key = `damaged:{p${PARTITION}}`;
    await damaged.apply(1, [batch(0, 5, 'one')]);
    await tell(server, 'HSET', key, 'p', 'much');
    expect(await outcomeOf(damaged.get([ID], at(5)))).toBe('behind');
    expect(await outcomeOf(damaged.apply(1, [batch(5, 6, 'two')]))).toBe('store-unavailable');
    await tell(server, 'HSET', key, 'p', '5');
    expect(String((await damaged.get([ID], at(5)))[0])).toBe('one');
    await tell(server, 'HDEL', key, 'n');
    expect(await outcomeOf(damaged.get([ID], at(5)))).toBe('behind');
    expect(await outcomeOf(damaged.apply(1, [batch(5, 6, 'two')]))).toBe('behind');
    expect((await damaged.positions())[PARTITION]).toBe(0);
    await damaged.reset(1, [PARTITION]);
    await damaged.apply(1, [batch(0, 6, 'two')]);
    expect(String((await damaged.get([ID], at(6)))[0])).toBe('two');
  });

  test('a full server refuses the batch whole', async () => {
    const full = await open({ url: server.url, keyPrefix: 'full:', deadline: 20_000 });
    await full.apply(1, [batch(0, 1, 'one')]);
    await tell(server, 'CONFIG', 'SET', 'maxmemory', '1');
    expect(await outcomeOf(full.apply(1, [batch(1, 2, 'two')]))).toBe('store-unavailable');
    await tell(server, 'CONFIG', 'SET', 'maxmemory', '0');
    expect(String((await full.get([ID], at(1)))[0])).toBe('one');
    expect((await full.positions())[PARTITION]).toBe(1);
  });

  test('settings that break a promise are problems, those that cost memory are remarks', async () => {
    expect(await store.problems()).toEqual([]);
    expect(await store.remarks()).toEqual([]);
    await tell(
      server,
      'CONFIG',
      'SET',
      'maxmemory-policy',
      'allkeys-lru',
      'hash-max-listpack-value',
      '64',
      'hash-max-listpack-entries',
      '128',
    );
    expect(await store.problems()).toHaveLength(1);
    expect(await store.remarks()).toHaveLength(2);
    await tell(
      server,
      'CONFIG',
      'SET',
      'maxmemory-policy',
      'noeviction',
      'hash-max-listpack-value',
      '128',
      'hash-max-listpack-entries',
      '256',
    );
    await tell(server, 'REPLICAOF', '127.0.0.1', '1');
    expect(await store.problems()).toHaveLength(1);
    await tell(server, 'REPLICAOF', 'NO', 'ONE');
    expect(await store.problems()).toEqual([]);
  });
});

(hasRedis ? describe : describe.skip)('a guarded Redis server', () => {
  afterAll(closeAll);

  test('is used with its password, and not without', async () => {
    const server = await RedisServer.start('--requirepass', 'for this test');
    const known = await open({ url: server.url, password: 'for this test', deadline: 20_000 });
    await known.apply(1, [batch(0, 1, 'one')]);
    const stranger = await open({ url: server.url, deadline: 20_000 });
    expect(await outcomeOf(stranger.get([ID], at(0)))).toBe('store-unavailable');
    await closeAll();
    await server.stop();
  });

  test('that is absent makes a store that is unavailable', async () => {
    const nobody = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => nobody.once('listening', resolve));
    const address = nobody.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise((resolve) => nobody.close(resolve));
    const store = await open({ url: `redis://127.0.0.1:${port}` });
    expect(await outcomeOf(store.get([ID], at(0)))).toBe('store-unavailable');
    expect(await outcomeOf(store.ping())).toBe('store-unavailable');
  });

  test('is reached over TLS when its certificate is known, and not otherwise', async () => {
    const plain = await RedisServer.start();
    const request =
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=redis -addext subjectAltName=IP:127.0.0.1';
    const places = ['-keyout', join(plain.directory, 'key.pem'), '-out', join(plain.directory, 'cert.pem')];
    const made = spawnSync('openssl', [...request.split(' '), ...places]);
    expect(made.status).toBe(0);
    const [cert, key] = ['cert.pem', 'key.pem'].map((name) => join(plain.directory, name)) as [string, string];
    await tell(plain, 'CONFIG', 'SET', 'tls-cert-file', cert, 'tls-key-file', key, 'tls-ca-cert-file', cert, 'tls-auth-clients', 'no');
    const free = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => free.once('listening', resolve));
    const address = free.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise((resolve) => free.close(resolve));
    await tell(plain, 'CONFIG', 'SET', 'tls-port', String(port));
    const url = `rediss://127.0.0.1:${port}`;
    const known = await open({ url, tls: { ca: readFileSync(cert, 'utf8') }, deadline: 20_000 });
    await known.apply(1, [batch(0, 1, 'one')]);
    expect(String((await known.get([ID], at(1)))[0])).toBe('one');
    const unsure = await open({ url, deadline: 20_000 });
    expect(await outcomeOf(unsure.get([ID], at(0)))).toBe('store-unavailable');
    await closeAll();
    await plain.stop();
  });
});
