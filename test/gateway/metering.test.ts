import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryQuotaStore } from '../../src/adapters/memory/index.js';
import { OverQuota, type Principal, type ScanAlarm } from '../../src/gateway/index.js';
import { Population } from '../../src/gateway/population.js';
import { bucketFor, epochAt, limitFor } from '../../src/gateway/quota.js';
import { Refusal, Unavailable } from '../../src/reasons/index.js';
import {
  A,
  AUDITOR,
  B,
  NP1,
  QUOTA,
  makePlace,
  makeWorld,
  openAt,
  registration,
  release,
  sharedNumber,
  withdrawal,
  delegateFor,
  type OpenOptions,
  type Opened,
  type Place,
} from '../support/open-gateway.js';

describe('the formula', () => {
  test('gives the published limits', () => {
    const limits = [0, 50, 1e3, 1e4, 1e6, 1e8].map((mappings) => limitFor(QUOTA, mappings));
    // standards: private-lookup section 4, to two digits
    expect(limits.map((limit) => Number(limit.toPrecision(2)))).toEqual([2000, 8000, 120_000, 1_200_000, 120_000_000, 7_000_000_000]);
    expect(limits[0]).toBe(2000);
    expect(limitFor({ ...QUOTA, factor: 0 }, 1e9)).toBe(2000);
  });

  test('never falls with more mappings, and never passes what can be reached', () => {
    const limits = Array.from({ length: 200 }, (_, at) => limitFor(QUOTA, Math.floor(1.2 ** at)));
    expect(limits.toSorted((a, b) => a - b)).toEqual(limits);
    expect(limits.at(-1)).toBeLessThanOrEqual(2000 + 2 * 5e9);
  });

  test('epochs follow one another without a gap, and a burst is never less than the base', () => {
    const { start, end } = epochAt(QUOTA, 1_795_000_000_000);
    expect(end - start).toBe(30 * 86_400_000);
    expect([epochAt(QUOTA, end - 1).start, epochAt(QUOTA, end).start]).toEqual([start, end]);
    expect([bucketFor(QUOTA, 2000).size, bucketFor(QUOTA, 122_000).size]).toEqual([2000, 24_400]);
  });
});

const reasonOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'answered',
    (error: unknown) => (error instanceof Refusal ? error.reason : String(error)),
  );

/** A number that nobody may have registered. */
const stranger = (n: number): { sii: string } => ({ sii: `tel:+1202777${n.toString().padStart(4, '0')}` });
const strangers = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => stranger(from + at));

describe('a gateway', () => {
  let base: Place;
  let place: Place;
  let opened: Opened;
  const alarms: ScanAlarm[] = [];

  const open = async (more: OpenOptions & { readonly limit?: number } = {}): Promise<void> => {
    const { limit = 2000, ...options } = more;
    const world = { ...(await makeWorld(place)), quota: { ...QUOTA, base: limit } };
    opened = await openAt(place, { world, onScan: (alarm) => alarms.push(alarm), ...options });
  };
  const lookup = (queries: readonly { sii: string; view?: 'all' }[], client: Principal = B) => opened.gateway.lookup(queries, client);
  const standing = async (client = B) => opened.gateway.quota(client);
  const used = async (client = B): Promise<number> => (await standing(client)).used;
  const register = async (tn: string, provider = 'a.example'): Promise<void> => {
    place.clock.advance(1);
    const client = provider === 'a.example' ? A : B;
    expect((await opened.gateway.submit(registration(place, tn, { provider }), client)).outcome).toBe('accepted');
  };

  beforeAll(async () => {
    base = await makePlace();
  });
  beforeEach(async () => {
    alarms.length = 0;
    place = { ...base, dataDir: join(await mkdtemp(join(tmpdir(), 'signpost-metering-')), 'data') };
  });
  afterEach(() => opened.close());

  test('counts distinct SIIs: another view, spelling, and a repeat in or after a batch are free; what is malformed costs nothing', async () => {
    await open();
    await lookup([stranger(1), stranger(1), { ...stranger(1), view: 'all' }, stranger(2)]);
    await lookup([stranger(2)]);
    await lookup([{ sii: 'mailto:Alice@EXAMPLE.com' }, { sii: 'mailto:alice@example.com' }]);
    expect(await used()).toBe(3);
    expect(await reasonOf(lookup([stranger(3), { sii: 'tel:+0' }]))).toBe('malformed-request');
    expect(await used()).toBe(3);
    expect([await used(A), await used(AUDITOR)]).toEqual([0, 0]);
  });

  test('a miss costs what a hit costs, and looks like one but for what was found', async () => {
    await open();
    await register(sharedNumber(1));
    const hit = await lookup([{ sii: `tel:+${sharedNumber(1)}` }]);
    const miss = await lookup([stranger(1)]);
    expect([hit.answers[0]?.mappings.length, miss.answers[0]?.mappings.length]).toEqual([1, 0]);
    expect([hit.quota.used, miss.quota.used]).toEqual([1, 2]);
    expect(Object.keys(miss.quota)).toEqual(Object.keys(hit.quota));
  });

  test('its own users are free to watch, and nobody else is', async () => {
    await open({ limit: 1 });
    await register(sharedNumber(1));
    await register(sharedNumber(2), 'b.example');
    const own = { sii: `tel:+${sharedNumber(1)}` };
    expect((await lookup([own], A)).quota.used).toBe(0);
    expect((await lookup([own])).quota.used).toBe(1);
    expect(await reasonOf(opened.gateway.lookup([{ sii: `tel:+${sharedNumber(1)}` }, stranger(4)], AUDITOR))).toBe('over-quota');
    await opened.gateway.withdraw({ sii: own.sii, ssi: 'mimi://a.example/u/alice' }, A);
    expect((await lookup([own], A)).quota.used).toBe(1);
  });

  test('a scan by a newcomer stops at the base, a batch that does not fit is refused whole, and what was answered stays free', async () => {
    await open({ limit: 300 });
    await lookup(strangers(0, 256));
    const refused = await lookup(strangers(256, 512)).catch((error: unknown) => error);
    if (!(refused instanceof OverQuota)) throw new Error('not over quota');
    expect(refused.standing).toMatchObject({ limit: 300, used: 256, remaining: 44, mappings: 0 });
    expect(refused.retryAfter).toBe(Math.ceil((epochAt(QUOTA, place.clock.now()).end - place.clock.now()) / 1000));
    let answered = 0;
    for (let n = 256; n < 400; n += 1) if ((await reasonOf(lookup([stranger(n)]))) === 'answered') answered += 1;
    expect(answered).toBe(44);
    expect(await reasonOf(lookup(strangers(0, 256)))).toBe('answered');
    expect(opened.gateway.metering.counted).toBe(300);
  });

  test('grows with attested mappings and falls with them, and begins anew with the epoch', async () => {
    await open({ limit: 0 });
    expect(await reasonOf(lookup([stranger(0)], A))).toBe('over-quota');
    await register(sharedNumber(1));
    await register(sharedNumber(2));
    expect(await standing(A)).toMatchObject({ limit: limitFor({ ...QUOTA, base: 0 }, 2), mappings: 2, used: 0 });
    await lookup([stranger(0)], A);
    await opened.gateway.withdraw({ sii: `tel:+${sharedNumber(1)}`, ssi: 'mimi://a.example/u/alice' }, A);
    place.clock.advance(1);
    expect((await opened.gateway.submit(release(place, sharedNumber(2)), NP1)).outcome).toBe('accepted');
    expect(await standing(A)).toMatchObject({ limit: 0, mappings: 0, used: 1, remaining: 0 });
    expect(await reasonOf(lookup([stranger(0)], A))).toBe('answered');
    place.clock.advance(30 * 86_400);
    expect(await used(A)).toBe(0);
    expect(await reasonOf(lookup([stranger(0)], A))).toBe('over-quota');
    place.clock.ms -= 30 * 86_400_000;
  });

  test('counts mappings by commits as a recount of the store would, over registering, refreshing, withdrawing, restarts and days', async () => {
    await open();
    const same = async (): Promise<void> => {
      const recount = await Population.count(opened.store);
      for (const { domain } of [A, B]) {
        expect((await opened.gateway.quota({ ...A, domain })).mappings).toBe(recount.of(domain, place.clock.now()));
      }
    };
    for (let n = 1; n <= 6; n += 1) await register(sharedNumber(n), n % 3 === 0 ? 'b.example' : 'a.example');
    await register(sharedNumber(1), 'b.example');
    await same();
    place.clock.advance(86_400);
    await register(sharedNumber(1));
    place.clock.advance(1);
    const credential = delegateFor(place, 'a.example', sharedNumber(2));
    expect((await opened.gateway.submit(withdrawal(place, sharedNumber(2), credential), A)).outcome).toBe('accepted');
    await same();
    expect([(await standing(A)).mappings, (await standing(B)).mappings]).toEqual([3, 3]);
    await opened.gateway.snapshot();
    await register(sharedNumber(7));
    await opened.close();
    await open();
    expect([(await standing(A)).mappings, (await standing(B)).mappings]).toEqual([4, 3]);
    await same();
    // All but the two that were registered a day later.
    place.clock.advance(29 * 86_400);
    await same();
    expect([(await standing(A)).mappings, (await standing(B)).mappings]).toEqual([2, 0]);
    place.clock.ms -= 30 * 86_400_000;
  });

  test('a restart does not begin the epoch anew', async () => {
    await open({ limit: 5 });
    await lookup(strangers(0, 4));
    await opened.close();
    await open({ limit: 5 });
    expect(await used()).toBe(4);
    expect(await reasonOf(lookup(strangers(3, 6)))).toBe('over-quota');
    expect(await reasonOf(lookup(strangers(3, 5)))).toBe('answered');
  });

  test('does not answer what cannot be counted', async () => {
    const quotas = new MemoryQuotaStore();
    quotas.charge = () => Promise.reject(new Unavailable('store-unavailable'));
    await open({ quotas });
    expect(await reasonOf(lookup([stranger(1)]))).toBe('store-unavailable');
  });

  test('tells of a scan once, by whom, and of no number', async () => {
    await open();
    await lookup(strangers(0, 256));
    expect(alarms.toSorted((a, b) => a.kind.localeCompare(b.kind))).toEqual([
      { client: 'b.example', kind: 'hit-rate' },
      { client: 'b.example', kind: 'sequence' },
    ]);
    expect(opened.gateway.metering).toEqual({ counted: 256, alarms: { 'hit-rate': 1, sequence: 1 }, leastHealth: 0.25 });
    await lookup(strangers(0, 256));
    expect(opened.gateway.metering.counted).toBe(256);
    expect(alarms).toHaveLength(2);
  });
});
