import { randomBytes } from 'node:crypto';
import { Agent } from 'node:https';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { MemoryQuotaStore } from '../../src/adapters/memory/index.js';
import { RedisQuotaStore } from '../../src/adapters/redis/index.js';
import { OverQuota, type Principal } from '../../src/gateway/index.js';
import { Meter } from '../../src/gateway/meter.js';
import { Population } from '../../src/gateway/population.js';
import { limitFor } from '../../src/gateway/quota.js';
import type { QuotaStore } from '../../src/ports/index.js';
import { AcceptanceBed, EVIL, OTT, STORES, jsonOf } from '../support/acceptance-bed.js';
import type { Reply } from '../support/http-site.js';
import { QUOTA } from '../support/open-gateway.js';
import { RedisServer } from '../support/redis-server.js';
import { registrationClaims, signed } from '../support/served-gateway.js';

/* Rows 6.4, 15.1 and 15.2: what may be looked up is a published function of what one maps oneself, and nobody gets more. */

jest.setTimeout(240_000);

const BASE = 512;
const BATCH = 256;
const OWN = 1000;

const numbered = (n: number): string => `tel:+1${String(2_127_000_000 + n)}`;
const batchFrom = (n: number, size = BATCH): string[] => Array.from({ length: size }, (_, i) => numbered(n + i));

describe.each(STORES)('a gateway over %s', (store) => {
  let bed: AcceptanceBed;
  const quota = (change: object) => (policy: Record<string, unknown>) => ({
    ...policy,
    quota: { ...(policy['quota'] as object), ...change },
  });

  beforeAll(async () => {
    bed = await AcceptanceBed.open(store, { policy: quota({ base: BASE }) });
    await bed.onboard(EVIL, { kind: 'ap', class: 'consumer' });
  });
  afterAll(() => bed.close());

  const ask = (as: string, siis: readonly string[], more = {}): Promise<Reply> =>
    bed.call(as, 'POST', '/v1/lookups', { lookups: siis.map((sii) => ({ sii })) }, more);
  const reasonFor = (reply: Reply): unknown => (reply.status === 200 ? 'answered' : jsonOf(reply)['reason']);
  /** Of a line that was answered 503 nothing is known: it is presented again, and a retry is answered 200 where it had been accepted. */
  const importAll = async (passports: readonly string[]): Promise<void> => {
    const again: string[] = [];
    for await (const { line, status, reason } of bed.as(OTT).import(passports)) {
      if (status === 503) again.push(passports[line - 1] as string);
      else if (status > 201) throw new Error(`${status} ${reason}`);
    }
    if (again.length > 0) await importAll(again);
  };

  test('6.4 the quota grows by the published formula with 1,000 attested numbers, and falls with those that are given up', async () => {
    const { limit: before, inputs } = await bed.as(OTT).quota();
    expect([before, inputs.mappings]).toEqual([BASE, 0]);
    const numbers = Array.from({ length: OWN }, () => bed.fresh());
    const credential = bed.delegate(OTT, numbers[0] as string, {}, OWN);
    await importAll(numbers.map((tn) => bed.registration(OTT, tn, {}, credential)));
    const grown = await bed.as(OTT).quota();
    expect([grown.limit, grown.inputs.mappings]).toEqual([limitFor({ ...QUOTA, base: BASE }, OWN), OWN]);
    expect(grown.limit).toBe(BASE + Math.floor(2 * 5e9 * (1 - Math.exp((-OWN * 60) / 5e9))));
    const left = { action: 'withdraw', consent: undefined, purpose: undefined, iat: Math.floor(Date.now() / 1000) + 1 };
    await importAll(numbers.slice(0, 400).map((tn) => signed(credential, registrationClaims(tn, `mimi://${OTT}/u/alice`, left))));
    const fallen = await bed.as(OTT).quota();
    expect([fallen.limit, fallen.inputs.mappings]).toEqual([limitFor({ ...QUOTA, base: BASE }, OWN - 400), OWN - 400]);
  });

  test('15.1 a new AP that scans a range gets its base answered and no more, and is told of', async () => {
    const counts = { answered: 0, refused: 0, found: 0 };
    for (let at = 0; at < 20_000; at += BATCH) {
      const reply = await ask(EVIL, batchFrom(at));
      if (reply.status === 200) {
        counts.answered += BATCH;
        counts.found += (jsonOf(reply)['answers'] as { mappings: unknown[] }[]).filter(({ mappings }) => mappings.length > 0).length;
      } else {
        expect([reply.status, jsonOf(reply)['reason']]).toEqual([429, 'over-quota']);
        counts.refused += 1;
      }
    }
    expect(counts).toEqual({ answered: BASE, refused: Math.ceil(20_000 / BATCH) - BASE / BATCH, found: 0 });
    for (const sii of [numbered(900_000), `tel:+${bed.fresh()}`]) expect(reasonFor(await ask(EVIL, [sii]))).toBe('over-quota');
    // What was answered stays answered; there is no other way to ask for many.
    expect(reasonFor(await ask(EVIL, batchFrom(0)))).toBe('answered');
    for (const sii of ['tel:+1202555*', 'tel:+120255', 'tel:', 'mailto:@mail.example']) expect((await ask(EVIL, [sii])).status).toBe(400);
    const metrics = (await bed.call('operator.example', 'GET', '/metrics')).body.toString();
    expect(metrics).toMatch(/^signpost_scan_alarms_total\{kind="sequence"\} [1-9]/m);
  });

  test('15.2 the quota explains itself: the formula, what was used, what is left, when it begins anew, how much at once', async () => {
    const answered = await ask(EVIL, batchFrom(0));
    const { limit, used, remaining, reset, formula, inputs, burst } = await bed.as(EVIL).quota();
    expect({ limit, used, remaining, base: inputs.base, mappings: inputs.mappings, size: burst.size }).toEqual({
      limit: BASE,
      used: BASE,
      remaining: 0,
      base: BASE,
      mappings: 0,
      size: BASE,
    });
    expect(formula).toContain('exp(-mappings * contacts / reachable)');
    expect(Date.parse(reset)).toBeGreaterThan(Date.now());
    expect([answered.headers['ratelimit'], answered.headers['ratelimit-policy']]).toEqual([
      expect.stringContaining('r=0'),
      expect.stringContaining(`q=${BASE}`),
    ]);
    const refused = await ask(EVIL, [numbered(5_000)]);
    expect([refused.status, refused.headers['ratelimit']]).toEqual([429, expect.stringContaining('r=0')]);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(Math.ceil((Date.parse(reset) - Date.now()) / 1000) + 1);
  });

  test('15.2 more at once than the burst is refused for a while, and the quota of the epoch is not spent by it', async () => {
    await bed.govern(quota({ factor: 0.2 }));
    const { burst, remaining } = await bed.as(OTT).quota();
    expect([burst.size, remaining > 2 * burst.size]).toEqual([Math.max(BASE, Math.floor(burst.share * remaining)), true]);
    const replies: Reply[] = [];
    for (let at = 0; at <= burst.size; at += BATCH) replies.push(await ask(OTT, batchFrom(at)));
    const last = replies.at(-1) as Reply;
    expect([replies.slice(0, -1).map(reasonFor), reasonFor(last)]).toEqual([replies.slice(0, -1).map(() => 'answered'), 'over-quota']);
    const wait = Number(last.headers['retry-after']);
    expect([wait > 0, wait < (Date.parse((await bed.as(OTT).quota()).reset) - Date.now()) / 1000]).toEqual([true, true]);
    expect((await bed.as(OTT).quota()).used).toBe((replies.length - 1) * BATCH);
  });

  test('15.2 of 500 connections at once no number is answered over the limit, and none short of it', async () => {
    const crowd = 'crowd.example';
    await bed.onboard(crowd, { kind: 'ap', class: 'consumer' });
    await bed.govern(quota({ base: 200 }));
    const agent = new Agent({ keepAlive: true, maxSockets: 500 });
    try {
      // Of a 503, or of no answer, nothing is known: the same number is asked for again, and costs nothing if it was counted.
      const look = async (sii: string): Promise<Reply> => {
        const reply = await ask(crowd, [sii], { agent }).catch(() => null);
        return reply === null || reply.status === 503 ? look(sii) : reply;
      };
      const replies = await Promise.all(batchFrom(0, 500).map(look));
      expect(replies.filter(({ status }) => status === 200)).toHaveLength(200);
      expect(replies.filter(({ status }) => status === 429)).toHaveLength(300);
    } finally {
      agent.destroy();
    }
    expect(await bed.as(crowd).quota()).toMatchObject({ used: 200, remaining: 0 });
  });
});

describe.each(STORES)('counts in %s', (store) => {
  let server: RedisServer | null = null;
  const stores: QuotaStore[] = [];

  beforeAll(async () => {
    if (store === 'redis') server = await RedisServer.start();
  });
  afterAll(async () => {
    for (const one of stores) await one.close();
    await server?.stop();
  });

  const pepper = randomBytes(32);
  const meter = async (base: number, shared?: QuotaStore): Promise<Meter> => {
    const counts = shared ?? (server === null ? new MemoryQuotaStore() : await RedisQuotaStore.open({ url: server.url }));
    stores.push(counts);
    return new Meter({
      store: counts,
      population: new Population(),
      counted: () => Promise.resolve(),
      terms: () => ({ ...QUOTA, base }),
      pepper,
      clock: { now: () => 1_795_000_000_000, monotonic: () => 0 },
      alarm: () => undefined,
    });
  };
  const newcomer = (domain: string): Principal => ({ domain, kind: 'ap', class: 'consumer', spc: null });
  const isGranted = async (work: Promise<unknown>): Promise<boolean> => {
    try {
      await work;
      return true;
    } catch (error) {
      if (error instanceof OverQuota) return false;
      throw error;
    }
  };

  /** Redis takes a tenth: each of its charges is a message, and after the first eight they are alike. */
  const scanned = store === 'memory' ? 1_000_000 : 100_000;

  test('15.1 of 10^6 numbers in a row a new AP has the base answered, in batches as large as there are', async () => {
    const metered = await meter(QUOTA.base);
    let answered = 0;
    for (let at = 0; at < scanned; at += BATCH) if (await isGranted(metered.charge(newcomer(EVIL), batchFrom(at)))) answered += BATCH;
    for (let at = 0; at < BATCH; at += 1) if (await isGranted(metered.charge(newcomer(EVIL), [numbered(2_000_000 + at)]))) answered += 1;
    expect(answered).toBe(QUOTA.base);
  });

  test('15.2 two replicas over one count do not exceed it together', async () => {
    const first = await meter(200);
    const replicas = [first, await meter(200, store === 'memory' ? stores.at(-1) : undefined)];
    const granted = await Promise.all(
      Array.from({ length: 500 }, (_, n) => isGranted((replicas[n % 2] as Meter).charge(newcomer('crowd.example'), [numbered(n)]))),
    );
    expect(granted.filter(Boolean)).toHaveLength(200);
    for (const replica of replicas) expect((await replica.standing(newcomer('crowd.example'))).used).toBe(200);
  });
});
