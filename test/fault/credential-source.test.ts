import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { BUDGET_LIMITS, FetchBudget, FetchedCredentials, KEPT_LIMITS, OverBudget, type Resolver } from '../../src/adapters/x5u/index.js';
import { encodePem } from '../../src/encoding/index.js';
import { DevelopmentPki } from '../../src/issuance/index.js';
import { Refusal, Unavailable } from '../../src/reasons/index.js';
import { KeptFetches } from '../../src/adapters/x5u/kept-fetches.js';
import { fetcherTo, openOrigin, resolvesTo, serverIdentity, SOMEWHERE, type Answering, type Origin } from '../support/tls-origin.js';

const URL = 'https://cert.sti.example/path.pem';
const LIST_URL = 'https://cert.sti.example/list';
const TYPE = 'application/pem-certificate-chain';

const pki = new DevelopmentPki({ now: () => Date.now(), random: randomBytes });
const credential = (lifetime = 86_400) =>
  pki.delegate({ spc: '709J', provider: 'a.example', numbers: [{ start: '12025550100', count: 1 }], lifetime });
const pemOf = (path: readonly Uint8Array[]): string => path.map((der) => encodePem('CERTIFICATE', der)).join('');
const ONE = credential();
const OTHER = credential();

/** Moves when the test says so. */
class Hands {
  ms = 0;
  now = (): number => Date.now() + this.ms;
  monotonic = (): number => performance.now() + this.ms;
  advance(seconds: number): void {
    this.ms += seconds * 1000;
  }
}

let clock: Hands;
let answering: Answering;
let origin: Origin;
let hosts: string[];
let source: FetchedCredentials;

const serve =
  (body: string | Buffer, headers: Record<string, string> = {}): Answering =>
  (_, response) => {
    response.writeHead(200, { 'Content-Type': TYPE, ...headers });
    response.end(body);
  };

/** Answers nobody until it is told to. */
const held = () => {
  const waiting: ServerResponse[] = [];
  const arrived: (() => void)[] = [];
  return {
    answering: ((_, response) => {
      waiting.push(response);
      for (const tell of arrived.splice(0)) tell();
    }) satisfies Answering,
    until: async (count: number): Promise<void> => {
      while (waiting.length < count) await new Promise<void>((resolve) => arrived.push(resolve));
    },
    release: (body: string): void => {
      for (const response of waiting.splice(0)) {
        response.writeHead(200, { 'Content-Type': TYPE });
        response.end(body);
      }
    },
  };
};

beforeEach(async () => {
  clock = new Hands();
  hosts = ['sti.example'];
  answering = serve(pemOf(ONE.path));
  origin = await openOrigin((request, response) => answering(request, response));
  source = new FetchedCredentials({ fetcher: fetcherTo(origin.port), clock, hosts: () => hosts });
});

afterEach(() => origin.close());

/** `cached` or `fetched`, or the reason. */
const outcomeOf = async (promise: Promise<{ readonly cached: boolean } | Uint8Array>): Promise<string> => {
  try {
    const got = await promise;
    return got instanceof Uint8Array ? 'list' : got.cached ? 'cached' : 'fetched';
  } catch (error) {
    if (error instanceof Refusal) return error.detail === undefined ? error.reason : `${error.reason}: ${error.detail}`;
    throw error;
  }
};
const chain = (options: { fresh?: boolean; url?: string; client?: string } = {}) => {
  const { url = URL, client = 'a.example', ...rest } = options;
  return outcomeOf(source.chain(url, client, rest));
};
const counts = (): Record<string, number> =>
  Object.fromEntries([...source.counts.entries()].map(({ kind, outcome, count }) => [`${kind} ${outcome}`, count]));

describe('a path behind x5u', () => {
  test('is fetched once, and the same array is given again', async () => {
    const first = await source.chain(URL, 'a.example');
    expect(first.chain).toEqual(ONE.path);
    expect(first.cached).toBe(false);
    const second = await source.chain(URL, 'b.example');
    expect(second.cached).toBe(true);
    expect(second.chain).toBe(first.chain);
    expect(origin.asked).toEqual(['/path.pem']);
    expect(counts()).toEqual({ 'chain fetched': 1, 'chain hit': 1 });
  });

  test.each(['application/pem-certificate-chain', 'application/x-pem-file', 'text/plain', 'Text/Plain; charset=us-ascii'])(
    'may be of type %s',
    async (type) => {
      answering = serve(pemOf(ONE.path), { 'Content-Type': type });
      expect(await chain()).toBe('fetched');
    },
  );

  test.each(['application/pkix-cert', 'application/octet-stream', 'text/html', ''])('is not had as %j', async (type) => {
    answering = serve(pemOf(ONE.path), { 'Content-Type': type });
    expect(await chain()).toBe('credential-unavailable: content-type');
  });

  test('is kept under its whole URL', async () => {
    expect(await chain()).toBe('fetched');
    expect(await chain({ url: `${URL}2` })).toBe('fetched');
    expect(await chain({ url: 'https://cert.sti.example:8443/path.pem' })).toBe('fetched');
    expect(await chain()).toBe('cached');
  });

  test('is fetched again when its time is up', async () => {
    answering = serve(pemOf(ONE.path), { 'Cache-Control': 'max-age=600', Age: '100' });
    expect(await chain()).toBe('fetched');
    clock.advance(499);
    expect(await chain()).toBe('cached');
    clock.advance(2);
    expect(await chain()).toBe('fetched');
  });

  test('is not kept when its origin says no-store', async () => {
    answering = serve(pemOf(ONE.path), { 'Cache-Control': 'no-store' });
    expect([await chain(), await chain()]).toEqual(['fetched', 'fetched']);
  });

  test('is never kept beyond the end of its certificates', async () => {
    answering = serve(pemOf(credential(120).path), { 'Cache-Control': 'max-age=86400' });
    expect(await chain()).toBe('fetched');
    clock.advance(110);
    expect(await chain()).toBe('cached');
    clock.advance(20);
    expect(await chain()).toBe('fetched');
    expect(await chain()).toBe('fetched');
  });

  test('with a certificate that does not parse is handed on, for the verifier to refuse', async () => {
    answering = serve(encodePem('CERTIFICATE', Buffer.from('3000', 'hex')));
    expect(await chain()).toBe('fetched');
    expect(await chain()).toBe('cached');
  });

  test('is asked for once, however many ask at a time', async () => {
    const hold = held();
    answering = hold.answering;
    const asked = Array.from({ length: 50 }, (_, i) => chain({ client: `${i}.example` }));
    await hold.until(1);
    hold.release(pemOf(ONE.path));
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['fetched']));
    expect(origin.asked).toHaveLength(1);
  });
});

describe('a refetch', () => {
  test('brings what the origin has now', async () => {
    expect(await chain()).toBe('fetched');
    answering = serve(pemOf(OTHER.path));
    expect((await source.chain(URL, 'a.example')).chain).toEqual(ONE.path);
    expect((await source.chain(URL, 'a.example', { fresh: true })).chain).toEqual(OTHER.path);
    expect((await source.chain(URL, 'a.example')).chain).toEqual(OTHER.path);
  });

  test('is not made again at once', async () => {
    await chain();
    expect(await chain({ fresh: true })).toBe('fetched');
    expect(await chain({ fresh: true })).toBe('cached');
    clock.advance(KEPT_LIMITS.refetchSeconds + 1);
    expect(await chain({ fresh: true })).toBe('fetched');
    expect(origin.asked).toHaveLength(3);
  });

  test('that fails leaves what was kept, and is not tried again for a while', async () => {
    await chain();
    answering = (_, response) => response.writeHead(500).end();
    expect(await chain({ fresh: true })).toBe('credential-unavailable: status');
    expect(await chain({ fresh: true })).toBe('credential-unavailable: status');
    expect(origin.asked).toHaveLength(2);
    expect(await chain()).toBe('cached');
    clock.advance(KEPT_LIMITS.failureSeconds + 1);
    answering = serve(pemOf(OTHER.path));
    expect(await chain({ fresh: true })).toBe('fetched');
  });
});

describe('what policy does not name', () => {
  test.each([
    'https://cert.example/path.pem',
    'https://sti.example.org/path.pem',
    'https://evilsti.example/path.pem',
    'https://example/path.pem',
  ])('is not asked: %s', async (url) => {
    expect(await chain({ url })).toMatch(/^x5u-not-allowed/);
    expect(origin.connections()).toBe(0);
  });

  test('is asked by name, and under it', async () => {
    hosts = ['cert.sti.example'];
    expect(await chain()).toBe('fetched');
    hosts = ['sti.example'];
    expect(await chain()).toBe('cached');
    hosts = ['a.cert.sti.example'];
    expect(await chain()).toBe('x5u-not-allowed: host');
  });

  test('does not count when it came back after policy took the host away', async () => {
    const hold = held();
    answering = hold.answering;
    const asked = chain();
    await hold.until(1);
    hosts = [];
    hold.release(pemOf(ONE.path));
    expect(await asked).toBe('x5u-not-allowed: host');
  });
});

describe('what cannot be had', () => {
  test.each<[string, Answering, string]>([
    ['404', (_, response) => response.writeHead(404).end(), 'credential-unavailable: status'],
    ['a redirect', (_, response) => response.writeHead(302, { Location: `${URL}2` }).end(), 'x5u-redirect'],
    ['gzip', serve('', { 'Content-Encoding': 'gzip' }), 'credential-unavailable: content-encoding'],
    ['too much', serve('a'.repeat(65_537)), 'credential-unavailable: too-large'],
    [
      'a key',
      serve(`${pemOf(ONE.path)}-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n`),
      'malformed-chain: text outside of CERTIFICATE blocks',
    ],
    ['DER', serve(ONE.path[0] ?? ''), 'malformed-chain: not text'],
  ])('%s is kept as a failure for a while', async (_, bad, expected) => {
    answering = bad;
    expect(await chain()).toBe(expected);
    expect(await chain({ client: 'b.example' })).toBe(expected);
    expect(await chain({ fresh: true })).toBe(expected);
    expect(origin.asked).toHaveLength(1);
    answering = serve(pemOf(ONE.path));
    clock.advance(KEPT_LIMITS.failureSeconds - 1);
    expect(await chain()).toBe(expected);
    clock.advance(2);
    expect(await chain()).toBe('fetched');
  });

  test('says when to ask again', async () => {
    answering = (_, response) => response.writeHead(503).end();
    const retryAfter = () =>
      source.chain(URL, 'a.example').then(Number, (error: unknown) => (error instanceof Unavailable ? error.retryAfter : error));
    expect(await retryAfter()).toBe(KEPT_LIMITS.failureSeconds);
    clock.advance(10);
    expect(await retryAfter()).toBeLessThanOrEqual(KEPT_LIMITS.failureSeconds - 10);
  });

  test('an address that is not public is refused', async () => {
    const parts = { clock, hosts: () => hosts };
    const at = (resolver: Resolver) => new FetchedCredentials({ ...parts, fetcher: fetcherTo(origin.port, { resolver }) });
    expect(await outcomeOf(at(resolvesTo('10.0.0.1')).chain(URL, 'a.example'))).toBe('x5u-not-allowed: address');
    expect(await outcomeOf(at(resolvesTo(SOMEWHERE, '::1')).chain(URL, 'a.example'))).toBe('x5u-not-allowed: address');
    expect(await outcomeOf(at(resolvesTo(SOMEWHERE)).chain(URL, 'a.example'))).toBe('fetched');
  });
});

describe('a TNAuthList by reference', () => {
  const list = (client = 'a.example', url = LIST_URL) => outcomeOf(source.tnAuthList(url, client));
  const typed = { 'Content-Type': 'application/tnauthlist' };

  test('is fetched and kept', async () => {
    answering = serve(Buffer.from('3008a006160431323334', 'hex'), typed);
    expect([await list(), await list('b.example')]).toEqual(['list', 'list']);
    expect(origin.asked).toEqual(['/list']);
  });

  test('is kept no longer than an hour', async () => {
    answering = serve('list', { ...typed, 'Cache-Control': 'max-age=86400' });
    await list();
    clock.advance(KEPT_LIMITS.listSeconds + 1);
    await list();
    expect(origin.asked).toHaveLength(2);
  });

  test.each<[string, Answering, string]>([
    ['another type', serve('list', { 'Content-Type': 'text/plain' }), 'tnlist-unavailable: content-type'],
    ['a redirect', (_, response) => response.writeHead(302, { Location: LIST_URL }).end(), 'tnlist-unavailable: redirect'],
    ['404', (_, response) => response.writeHead(404).end(), 'tnlist-unavailable: status'],
  ])('is not had with %s', async (_, bad, expected) => {
    answering = bad;
    expect([await list(), await list()]).toEqual([expected, expected]);
    expect(origin.asked).toHaveLength(1);
  });

  test.each([
    'http://cert.sti.example/list',
    'https://cert.sti.example:80/list',
    'https://other.example/list',
    'https://127.0.0.1/list',
    'list',
  ])('is not asked for at %s', async (url) => {
    expect(await list('a.example', url)).toMatch(/^tnlist-unavailable/);
    expect(origin.connections()).toBe(0);
  });
});

describe("a client's budget", () => {
  const hostOf = (n: number): string => `https://h${n}.sti.example/path.pem`;

  test('is all that its slow hosts take: others are served at once, and it is told to come back', async () => {
    const hold = held();
    answering = (request, response) =>
      request.headers.host?.startsWith('h') === true ? hold.answering(request, response) : serve(pemOf(ONE.path))(request, response);
    await origin.close();
    origin = await openOrigin((request, response) => answering(request, response), serverIdentity(['*.sti.example']));
    source = new FetchedCredentials({ fetcher: fetcherTo(origin.port), clock, hosts: () => hosts });
    const slow = Array.from({ length: 100 }, (_, n) => chain({ url: hostOf(n) }));
    await hold.until(BUDGET_LIMITS.perClient);
    expect(await chain({ client: 'b.example' })).toBe('fetched');
    hold.release(pemOf(OTHER.path));
    const outcomes = await Promise.all(slow);
    expect(outcomes.filter((outcome) => outcome === 'fetched')).toHaveLength(BUDGET_LIMITS.perClient);
    expect(outcomes.filter((outcome) => outcome === 'credential-unavailable: too many fetches')).toHaveLength(
      100 - BUDGET_LIMITS.perClient,
    );
    expect(counts()).toMatchObject({ 'chain over-budget': 100 - BUDGET_LIMITS.perClient });
    // What was over budget is nothing against the URL.
    answering = serve(pemOf(ONE.path));
    expect(await chain({ url: hostOf(99) })).toBe('fetched');
  });

  test('is a rate too', () => {
    const budget = new FetchBudget(clock);
    const enter = (client = 'a.example'): boolean => {
      try {
        budget.enter(client, 'cert.sti.example').leave();
        return true;
      } catch (error) {
        if (error instanceof OverBudget) return false;
        throw error;
      }
    };
    expect(Array.from({ length: BUDGET_LIMITS.burst }, () => enter()).every(Boolean)).toBe(true);
    expect(Array.from({ length: 20 }, () => enter()).filter(Boolean).length).toBeLessThan(5);
    expect(enter('b.example')).toBe(true);
    clock.advance(1);
    expect(Array.from({ length: BUDGET_LIMITS.ratePerSecond }, () => enter()).every(Boolean)).toBe(true);
  });

  test('shrinks while half of all places are taken, so that many slow clients leave room for others', () => {
    const budget = new FetchBudget(clock);
    const taken: (() => void)[] = [];
    const enter = (client: string, host: string): boolean => {
      try {
        taken.push(budget.enter(client, host).leave);
        return true;
      } catch (error) {
        if (error instanceof OverBudget) return false;
        throw error;
      }
    };
    for (let client = 0; client < 60; client += 1)
      for (let fetch = 0; fetch < 20; fetch += 1) enter(`${client}.example`, `h${client}.sti.example`);
    expect(budget.running).toBeLessThan(BUDGET_LIMITS.inAll);
    expect(enter('late.example', 'h.sti.example')).toBe(true);
    for (const leave of taken) leave();
    for (const leave of taken) leave();
    expect(budget.running).toBe(0);
  });

  test('of a host keeps one dead repository from taking every place', () => {
    const budget = new FetchBudget(clock);
    const enter = (client: number, host: string) => budget.enter(`${client}.example`, host);
    for (let client = 0; client < BUDGET_LIMITS.perHost; client += 1) enter(client, 'dead.sti.example');
    expect(() => enter(1000, 'dead.sti.example')).toThrow(OverBudget);
    enter(1000, 'cert.sti.example');
  });
});

describe('what is kept', () => {
  test('is bounded in octets, and what was used longest ago goes first', async () => {
    const MIB = 1024 * 1024;
    const room = KEPT_LIMITS.octets / MIB - 1;
    const fetched: string[] = [];
    const kept = new KeptFetches({
      fetch: (url) => {
        fetched.push(url);
        return Promise.resolve({ status: 200, headers: {}, octets: Buffer.alloc(0) });
      },
      read: () => ({ value: 0, octets: MIB, until: Number.POSITIVE_INFINITY }),
      budget: new FetchBudget(clock),
      clock,
      capSeconds: 600,
      observe: () => undefined,
    });
    const get = (n: number) => kept.get(`${URL}${n}`, 'cert.sti.example', `${n}.example`, false);
    for (let n = 0; n < room; n += 1) await get(n);
    expect((await get(0)).cached).toBe(true);
    for (let n = room; n < room + 5; n += 1) await get(n);
    expect(kept.octets).toBeLessThanOrEqual(KEPT_LIMITS.octets);
    expect([(await get(0)).cached, (await get(1)).cached]).toEqual([true, false]);
    expect(fetched.filter((url) => url === `${URL}0`)).toHaveLength(1);
  });
});
