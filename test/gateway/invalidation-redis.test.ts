import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { RedisMappingStore } from '../../src/adapters/redis/index.js';
import { makePlace, sharedNumber, type OpenOptions, type Place } from '../support/open-gateway.js';
import { RedisServer, hasRedis } from '../support/redis-server.js';
import { SweptGateway } from '../support/swept-gateway.js';

/** ms; machines that run tests are slow. */
const DEADLINE = 20_000;

(hasRedis ? describe : describe.skip)('stored mappings in Redis', () => {
  let base: Place;
  let server: RedisServer;
  let swept: SweptGateway;
  let epoch = 0;

  const options = async (): Promise<OpenOptions> => ({
    store: await RedisMappingStore.open({ url: server.url, deadline: DEADLINE }),
    storeIsVolatile: false,
    epoch: (epoch += 1),
  });

  beforeAll(async () => {
    base = await makePlace();
  });

  beforeEach(async () => {
    server = await RedisServer.start();
    const dataDir = join(await mkdtemp(join(tmpdir(), 'signpost-swept-')), 'data');
    swept = await SweptGateway.open({ ...base, dataDir }, await options());
  });

  afterEach(async () => {
    await swept.close();
    await server.stop();
  });

  const [stolen, superseded, kept] = [1, 2, 3].map(sharedNumber) as [string, string, string];
  const resolved = async (): Promise<string[][]> => [
    await swept.resolved(stolen),
    await swept.resolved(superseded),
    await swept.resolved(kept),
  ];

  /** Three numbers; from the next world on the first credential is stolen, the second superseded. */
  const registerAndRevoke = async (): Promise<void> => {
    swept.revoke(await swept.register(stolen), 'keyCompromise');
    swept.revoke(await swept.register(superseded), 'superseded');
    await swept.register(kept);
  };

  test('fall as they do in memory, and the store is the fold of the log', async () => {
    await registerAndRevoke();
    expect(await resolved()).toEqual([['a.example'], ['a.example'], ['a.example']]);
    await swept.sweep();
    expect(await resolved()).toEqual([[], ['a.example'], ['a.example']]);
    await swept.expectWhole();
    swept.place.clock.advance(14 * 86_400);
    expect(await resolved()).toEqual([[], [], ['a.example']]);
  });

  test('fall at the start where the CRL came while the gateway was down', async () => {
    await registerAndRevoke();
    await swept.gateway.snapshot();
    swept.place.clock.advance(1);
    swept.place.pki.publishRevocations();
    await swept.restart(await options());
    expect(await swept.gateway.readiness()).toMatchObject({ ready: false });
    await swept.gateway.swept();
    expect(await resolved()).toEqual([[], ['a.example'], ['a.example']]);
    await swept.expectWhole();
  });

  test('are walked again where the server lost them in the middle of a walk', async () => {
    await registerAndRevoke();
    const { store } = swept.opened;
    const entries = store.entries.bind(store);
    store.entries = async function* () {
      store.entries = entries;
      await server.kill();
      await server.restart();
      // The walk is shown an empty store.
      while (
        !(await store.ping().then(
          () => true,
          () => false,
        ))
      )
        await new Promise((resolve) => setImmediate(resolve));
      yield* entries();
    };
    await swept.sweep();
    expect(await resolved()).toEqual([[], ['a.example'], ['a.example']]);
    await swept.expectWhole();
  });

  test('are judged again once the server is back', async () => {
    await registerAndRevoke();
    await server.kill();
    await swept.reload();
    await swept.gateway.swept();
    expect(swept.gateway.invalidation).toMatchObject({ pending: true, problem: expect.stringContaining('cannot be had') });
    await server.restart();
    while (swept.gateway.invalidation.pending) {
      // The client's connection comes back in its own time.
      await new Promise((resolve) => setImmediate(resolve));
      swept.gateway.tendMappings();
      await swept.gateway.swept();
    }
    expect(await resolved()).toEqual([[], ['a.example'], ['a.example']]);
    expect(await swept.gateway.readiness()).toEqual({ ready: true, problems: [] });
    await swept.expectWhole();
  });
});
