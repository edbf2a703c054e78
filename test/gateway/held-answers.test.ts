import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { MemoryMappingStore } from '../../src/adapters/memory/index.js';
import { RedisMappingStore } from '../../src/adapters/redis/index.js';
import type { ChangeReader, LookupQuery, Principal } from '../../src/gateway/index.js';
import { HeldAnswers } from '../../src/gateway/held-answers.js';
import type { MappingStore } from '../../src/ports/index.js';
import {
  A,
  AUDIENCE,
  B,
  NP1,
  NP2,
  TestClock,
  delegateFor,
  makePlace,
  openAt,
  registration,
  release,
  sharedNumber,
  sign,
  withdrawal,
  type OpenOptions,
  type Opened,
  type Place,
} from '../support/open-gateway.js';
import { FROM, OTT, TO, port } from '../support/porting.js';
import { RedisServer, hasRedis } from '../support/redis-server.js';
import { SweptGateway } from '../support/swept-gateway.js';

const tn = sharedNumber(1);
const other = sharedNumber(2);
const siiOf = (number: string): string => `tel:+${number}`;

let base: Place;
let place: Place;
let opened: Opened;

beforeAll(async () => {
  base = await makePlace();
});

const open = async (options: OpenOptions = {}): Promise<void> => {
  opened = await openAt(place, options);
};
beforeEach(async () => {
  place = { ...base, dataDir: join(await mkdtemp(join(tmpdir(), 'signpost-held-')), 'data') };
});
afterEach(() => opened.close());

const accept = async (passport: string, client: Principal = A): Promise<void> => {
  place.clock.advance(1);
  const submission = await opened.gateway.submit(passport, client);
  if (submission.outcome !== 'accepted') throw new Error(`not accepted: ${submission.reason}`);
};
const look = async (client: Principal, number = tn, how: Omit<LookupQuery, 'sii'> = {}) => {
  const { answers } = await opened.gateway.lookup([{ sii: siiOf(number), ...how }], client);
  const [answer] = answers;
  if (answer === undefined) throw new Error('no answer');
  return answer;
};
const readerOf = (client: Principal, after: string | null = null): ChangeReader => opened.gateway.changes(client, after, () => undefined);
const told = (reader: ChangeReader): (string | null)[] => reader.take(1000).map(({ sii }) => sii);
const register = (number = tn): Promise<void> => accept(registration(place, number));

const stores: [string, () => Promise<{ store: MappingStore; stop: () => Promise<void> }>][] = [
  ['memory', () => Promise.resolve({ store: new MemoryMappingStore(), stop: () => Promise.resolve() })],
];
if (hasRedis)
  stores.push([
    'Redis',
    async () => {
      const server = await RedisServer.start();
      const store = await RedisMappingStore.open({ url: server.url, deadline: 20_000 });
      return { store, stop: () => server.stop() };
    },
  ]);

describe.each(stores)('with the store in %s', (_name, make) => {
  let stop: () => Promise<void>;

  beforeEach(async () => {
    const made = await make();
    ({ stop } = made);
    await open({ store: made.store, storeIsVolatile: made.store.whole !== undefined });
  });
  afterEach(() => stop());

  test('who asked is told of a release, each once; who did not ask is not', async () => {
    await register();
    await look(A);
    await look(B);
    const readers = [A, B, OTT].map((client) => readerOf(client));
    await accept(release(place, tn), NP1);
    expect(readers.map(told)).toEqual([[siiOf(tn)], [siiOf(tn)], []]);
    await register();
    expect(readers.map(told)).toEqual([[], [], []]);
  });

  test('who was told that nobody is there is told who came, and who asks again hears of it again', async () => {
    expect((await look(B)).mappings).toEqual([]);
    const reader = readerOf(B);
    await register();
    expect(told(reader)).toEqual([siiOf(tn)]);
    expect((await look(B)).mappings).toHaveLength(1);
    await accept(withdrawal(place, tn, delegateFor(place, 'a.example', tn)));
    expect(told(reader)).toEqual([siiOf(tn)]);
  });
});

describe('an answer that is held', () => {
  beforeEach(() => open());

  test('to the last moment of its ttl is told of, and after it no more', async () => {
    await register();
    const { ttl } = await look(A);
    await look(B);
    const readers = [A, B].map((client) => readerOf(client));
    place.clock.advance(ttl - 2);
    await look(B);
    await accept(withdrawal(place, tn, delegateFor(place, 'a.example', tn)));
    expect(readers.map(told)).toEqual([[siiOf(tn)], [siiOf(tn)]]);
    await register();
    const again = await look(A);
    await look(B, tn, { view: 'all' });
    place.clock.advance(again.ttl + 2);
    await look(B, tn, { view: 'all' });
    await accept(release(place, tn), NP1);
    expect(readers.map(told)).toEqual([[], [siiOf(tn)]]);
  });

  test('of another view or circle is not told of what it does not show', async () => {
    const circle = Buffer.alloc(32, 7).toString('base64url');
    await look(A, tn, { view: 'business' });
    await look(B, tn, { view: 'all', circle });
    await look(OTT, tn, { view: 'all' });
    const readers = [A, B, OTT].map((client) => readerOf(client));
    await accept(
      sign(place, delegateFor(place, 'a.example', tn), {
        action: 'register',
        audience: AUDIENCE,
        sii: siiOf(tn),
        ssi: 'mimi://a.example/u/alice',
        provider: 'a.example',
        consent: 'app',
        purpose: 'consumer',
        circle,
        lifetime: 600,
      }),
    );
    expect(readers.map(told)).toEqual([[], [siiOf(tn)], []]);
  });

  test('is not told of a refresh, which changes nothing that its holder relies on', async () => {
    await register();
    await look(B);
    const reader = readerOf(B);
    await register();
    expect(told(reader)).toEqual([]);
    await accept(registration(place, tn, { user: 'alicia' }));
    expect(told(reader)).toEqual([siiOf(tn)]);
  });

  test.each([
    [200, [siiOf(tn)]],
    [400, []],
  ])('is told at the commit of a port in %i s, if that is within its ttl', async (seconds, expected) => {
    await register();
    await look(B);
    const reader = readerOf(B);
    const effective = place.clock.seconds + seconds;
    await accept(port(place, tn, FROM, effective), NP1);
    expect(told(reader)).toEqual([]);
    await accept(port(place, tn, TO, effective), NP2);
    expect(told(reader)).toEqual(expected);
    const { ttl } = await look(B);
    expect(place.clock.seconds + ttl).toBeLessThanOrEqual(effective);
  });
});

describe('who comes back', () => {
  beforeEach(() => open());

  const numbers = [1, 2, 3, 4].map(sharedNumber);

  test('with the last id gets what followed, in order, and nothing twice', async () => {
    for (const number of numbers) await look(B, number);
    const before = readerOf(B);
    for (const number of numbers.slice(0, 2)) await register(number);
    const [first, second] = before.take(1000);
    before.close();
    for (const number of numbers.slice(2)) await register(number);
    expect(told(readerOf(B, first?.id))).toEqual(numbers.slice(1).map(siiOf));
    const reader = readerOf(B, second?.id);
    expect(told(reader)).toEqual(numbers.slice(2).map(siiOf));
    expect(told(readerOf(B, reader.id))).toEqual([]);
    expect(told(readerOf(B))).toEqual(numbers.map(siiOf));
  });

  test('with an id that is gone or was never given out is told to drop all', async () => {
    await look(B);
    const begun = readerOf(B).id;
    await register();
    expect(told(readerOf(B, begun))).toEqual([siiOf(tn)]);
    for (const id of ['1-2', '2-0', '0-1', 'x', '', '1-', '01-x']) expect([id, told(readerOf(B, id))]).toEqual([id, [null]]);
    place.clock.advance(302);
    await look(A);
    expect(told(readerOf(B, begun))).toEqual([null]);
    expect(told(readerOf(B))).toEqual([]);
  });

  test('after a restart is told to drop all, and then of changes', async () => {
    await register();
    await look(B);
    const { id } = readerOf(B);
    await opened.close();
    await open({ epoch: 2 });
    const [known, unknown] = [readerOf(B, id), readerOf(A)];
    expect([known, unknown].map(told)).toEqual([[null], [null]]);
    await look(B);
    await accept(release(place, tn), NP1);
    expect([known, unknown].map(told)).toEqual([[siiOf(tn)], []]);
    expect(told(readerOf(B, known.id))).toEqual([]);
    place.clock.advance(86_400);
    expect(told(readerOf(OTT))).toEqual([]);
  });
});

describe('memory', () => {
  const bounds = { inAll: 4, perCaller: 3, perSubject: 2, perCallerAndSubject: 1 };
  const question = { view: 'all', circle: null } as const;
  let clock: TestClock;
  let held: HeldAnswers;

  beforeEach(async () => {
    await open();
    clock = new TestClock();
    held = new HeldAnswers({ clock, epoch: 1, longestTtl: () => 300, bounds });
  });

  const hold = (client: string, id: string, view: 'all' | 'consumer' = 'all'): number =>
    held.settle(held.ask(client, id, `tel:+${id}`, { ...question, view }), 60);

  test('is bounded: what has no room gets a ttl of 0, and is not told', () => {
    expect([hold('a', '1'), hold('a', '1', 'consumer'), hold('b', '1'), hold('c', '1')]).toEqual([60, 0, 60, 0]);
    expect([hold('a', '2'), hold('a', '3'), hold('a', '4'), hold('b', '2')]).toEqual([60, 60, 0, 0]);
    expect([hold('a', '2'), hold('b', '1')]).toEqual([60, 60]);
    expect(held.state).toEqual({ kept: 4, told: 0, unheld: 4, resets: 0 });
  });

  test('is free again when the ttl is over, and questions without an answer take none', () => {
    for (const id of ['1', '2', '3']) hold('a', id);
    for (const id of ['4', '5', '6']) held.drop(held.ask('b', id, `tel:+${id}`, question));
    expect(held.state.kept).toBe(3);
    clock.advance(30);
    expect(hold('a', '1')).toBe(60);
    clock.advance(33);
    expect([hold('a', '4'), hold('a', '5'), held.state.kept]).toEqual([60, 60, 3]);
    clock.advance(33);
    expect([hold('a', '6'), held.state.kept]).toEqual([60, 3]);
  });
});

test('a store that fails at the commit does not keep holders from being told', async () => {
  class FailingStore extends MemoryMappingStore {
    failing = false;
    override async apply(...given: Parameters<MemoryMappingStore['apply']>): Promise<void> {
      if (this.failing) throw new Error('the store is away');
      await super.apply(...given);
    }
  }
  const store = new FailingStore();
  await open({ store });
  await register();
  await register(other);
  await look(B);
  const reader = readerOf(B);
  store.failing = true;
  await expect(accept(release(place, tn), NP1)).rejects.toThrow('away');
  store.failing = false;
  expect(told(reader)).toEqual([siiOf(tn)]);
  expect((await look(B)).mappings).toEqual([]);
});

test('an answer that changed while it was made gets a ttl of 0, and its twin that did not is held', async () => {
  class SlowStore extends MemoryMappingStore {
    hold: Promise<void> | null = null;
    override async get(...given: Parameters<MemoryMappingStore['get']>): Promise<(Uint8Array | null)[]> {
      const found = await super.get(...given);
      const { hold } = this;
      this.hold = null;
      await hold;
      return found;
    }
  }
  const store = new SlowStore();
  await open({ store });
  await register();
  await register(other);
  let go: () => void = () => undefined;
  const lookSlowly = (number: string): ReturnType<typeof look> => {
    store.hold = new Promise((resolve) => {
      go = resolve;
    });
    return look(B, number);
  };
  const overtaken = lookSlowly(tn);
  await accept(release(place, tn), NP1);
  go();
  expect(await overtaken).toMatchObject({ mappings: [{ provider: 'a.example' }], ttl: 0 });
  const still = lookSlowly(other);
  await register(tn);
  go();
  expect(await still).toMatchObject({ ttl: 300 });
  const reader = readerOf(B);
  await accept(release(place, other), NP1);
  expect(told(reader)).toEqual([siiOf(other)]);
});

test('holders are told of what falls with its credential', async () => {
  const swept = await SweptGateway.open(place);
  ({ opened } = swept);
  const credential = await swept.register(tn);
  await swept.register(other);
  await look(B);
  await look(B, other);
  const reader = readerOf(B);
  swept.revoke(credential, 'keyCompromise');
  await swept.sweep();
  expect(told(reader)).toEqual([siiOf(tn)]);
});
