import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { EntrySearch, FoundEntries } from '../../src/gateway/index.js';
import * as shapes from '../../src/http/answer-schemas.js';
import { leafHash } from '../../src/log/index.js';
import { gatewayThat, ask, startSite, TlsPki, type Client, type Reply, type TestSite } from '../support/http-site.js';
import { testEntry } from '../support/log-fixtures.js';

const tls = new TlsPki();
const CLIENTS: Readonly<Record<string, Client>> = Object.fromEntries(
  ['a.example', 'np.example', 'auditor.example', 'operator.example'].map((dns) => [dns, tls.client([{ dns }])]),
);
const entries = [4, 2].map((index) => ({ index, leaf: testEntry(index), leafHash: leafHash(testEntry(index)) }));
let site: TestSite;
let asked: EntrySearch[] = [];
let cursor: string | null = null;
/** Octets of a page's one leaf; 0: the usual leaves. */
let big = 0;
let held: Promise<void> = Promise.resolve();

beforeAll(async () => {
  const search = async (one: EntrySearch): Promise<FoundEntries> => {
    asked.push(one);
    await held;
    if (big > 0) return { entries: [{ ...entries[0], leaf: Buffer.alloc(big, 0x20) } as FoundEntries['entries'][number]], cursor, size: 9 };
    return { entries, cursor, size: 9 };
  };
  site = await startSite(tls, { gateway: gatewayThat({ search }) });
});
afterAll(() => site.server.drain());
beforeEach(() => {
  asked = [];
  cursor = null;
});

const get = (query: string, as: string | null = 'a.example', headers: Record<string, string> = {}): Promise<Reply> => {
  const client = as === null ? undefined : CLIENTS[as];
  return ask(site.port, tls.ca, { path: `/v1/entries${query}`, headers, ...(client === undefined ? {} : { client }) });
};
const SII = 'sii=tel:%2B12025550100';

describe('a search', () => {
  test('is answered with the leaves as they stand in the log', async () => {
    const reply = await get('');
    const found = shapes.foundEntries.parse(JSON.parse(reply.body.toString()));
    expect([reply.status, reply.headers['content-type'], found.size, found.cursor]).toEqual([200, 'application/json', 9, null]);
    for (const [i, { leaf, leafHash: hash }] of entries.entries()) {
      expect(reply.body.includes(leaf)).toBe(true);
      expect(found.entries[i]?.leafHash).toBe(hash.toString('base64'));
    }
    expect(asked).toEqual([{ filter: {}, sii: null, newestFirst: true, limit: 100, cursor: null }]);
  });

  test('is a line for each entry where that is asked for', async () => {
    cursor = 'abc';
    const reply = await get('?limit=2', 'a.example', { Accept: 'application/jsonl;q=1, */*' });
    expect([reply.headers['content-type'], reply.headers['signpost-size'], reply.headers['signpost-cursor']]).toEqual([
      'application/jsonl',
      '9',
      'abc',
    ]);
    const lines = reply.body.toString().split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.map((line) => shapes.foundEntry.parse(JSON.parse(line)).index)).toEqual([4, 2]);
  });

  test('is made eight times at once for one client, and no ninth time; meanwhile others search', async () => {
    let release = (): void => undefined;
    held = new Promise((resolve) => (release = resolve));
    const searches = Array.from({ length: 8 }, () => get(''));
    while (asked.length < 8) await new Promise((resolve) => setImmediate(resolve));
    const ninth = await get('');
    expect([ninth.status, ninth.headers['retry-after'], shapes.problem.parse(JSON.parse(ninth.body.toString())).reason]).toEqual([
      503,
      '1',
      'overloaded',
    ]);
    const others = get('', 'np.example');
    release();
    expect((await Promise.all([...searches, others])).map(({ status }) => status)).toEqual(Array.from({ length: 9 }, () => 200));
    expect((await get('')).status).toBe(200);
  });

  test('holds its place until its answer is read, or the connection is gone', async () => {
    const unread = Array.from({ length: 8 }, () => {
      const request = httpsRequest({
        host: '127.0.0.1',
        port: site.port,
        path: '/v1/entries',
        ca: tls.ca,
        ...CLIENTS['a.example'],
        agent: false,
      });
      request.on('error', () => undefined);
      request.end();
      return request;
    });
    big = 16 * 1024 * 1024;
    const responses = await Promise.all(unread.map(async (request) => (await once(request, 'response')) as [IncomingMessage]));
    big = 0;
    expect(responses.map(([{ statusCode }]) => statusCode)).toEqual(Array.from({ length: 8 }, () => 200));
    expect((await get('')).status).toBe(503);
    for (const request of unread) request.destroy();
    while ((await get('')).status === 503) await new Promise((resolve) => setImmediate(resolve));
    expect((await get('')).status).toBe(200);
  });

  test('takes every parameter', async () => {
    const since = '2026-11-24T00:00:00Z';
    await get(
      `?verdict=refused&kind=reject&provider=b.example&spc=709J&reason=jti-replay&action=register&since=${since}&until=2026-11-25&order=oldest&limit=1000&cursor=AAAA`,
    );
    expect(asked).toEqual([
      {
        filter: {
          verdict: 'refused',
          kind: 'reject',
          provider: 'b.example',
          spc: '709J',
          reason: 'jti-replay',
          action: 'register',
          since: Date.parse(since),
          until: Date.UTC(2026, 10, 25),
        },
        sii: null,
        newestFirst: false,
        limit: 1000,
        cursor: 'AAAA',
      },
    ]);
  });

  test.each(['a.example', 'np.example', 'auditor.example', 'operator.example'])('is for every principal: %s', async (as) => {
    expect((await get('?spc=709J', as)).status).toBe(200);
  });

  test.each([
    ['without a client', '', null, 401, 'client-unknown'],
    ['by an unknown parameter', '?colour=red', 'a.example', 400, 'malformed-request'],
    ['by a parameter twice', '?spc=709J&spc=505X', 'a.example', 400, 'malformed-request'],
    ['by a reason that is none', '?reason=no-such-code', 'a.example', 400, 'malformed-request'],
    ['by an SPC in lower case', '?spc=709j', 'a.example', 400, 'malformed-request'],
    ['by a verdict that is none', '?verdict=maybe', 'a.example', 400, 'malformed-request'],
    ['from a day that is none', '?since=2026-02-30', 'a.example', 400, 'malformed-request'],
    ['for no entries', '?limit=0', 'a.example', 400, 'malformed-request'],
    ['for too many entries', '?limit=1001', 'a.example', 400, 'malformed-request'],
    ['in no order', '?order=random', 'a.example', 400, 'malformed-request'],
    ['with markup', '?provider=%3Cscript%3E', 'a.example', 400, 'malformed-request'],
    ['with a query too long', `?cursor=${'A'.repeat(3000)}`, 'a.example', 400, 'malformed-request'],
    ['by SII, by an AP', `?${SII}&case=2026-17`, 'a.example', 403, 'sii-search-not-allowed'],
    ['by SII, by an NP', `?${SII}&case=2026-17`, 'np.example', 403, 'sii-search-not-allowed'],
    ['by SII, by an operator', `?${SII}&case=2026-17`, 'operator.example', 403, 'sii-search-not-allowed'],
    ['by SII without a case', `?${SII}`, 'auditor.example', 400, 'malformed-request'],
    ['by an SII that is none', '?sii=12025550100&case=2026-17', 'auditor.example', 400, 'malformed-request'],
    ['with a case and no SII', '?case=2026-17', 'auditor.example', 400, 'malformed-request'],
    ['with a case that is none', `?${SII}&case=%0A`, 'auditor.example', 400, 'malformed-request'],
  ])('%s is refused', async (_what, query, as, status, reason) => {
    const reply = await get(query, as);
    const problem = shapes.problem.parse(JSON.parse(reply.body.toString()));
    expect([reply.status, problem.reason]).toEqual([status, reason]);
    expect(asked).toEqual([]);
    expect(reply.body.toString()).not.toMatch(/12025550100|script|colour/);
  });

  test('by SII is for auditors, and their case goes into the log of the gateway, the SII does not', async () => {
    expect((await get(`?${SII}&case=2026-17`, 'auditor.example')).status).toBe(200);
    expect(asked[0]?.sii).toBe('tel:+12025550100');
    const line = site.lines.find((text) => text.includes('entries searched by SII')) ?? '{}';
    expect(JSON.parse(line)).toMatchObject({ client: 'auditor.example', case: '2026-17' });
    expect(site.lines.join('')).not.toContain('12025550100');
  });
});
