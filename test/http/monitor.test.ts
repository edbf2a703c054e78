import { request as httpsRequest } from 'node:https';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Alarm } from '../../src/gateway/index.js';
import * as shapes from '../../src/http/answer-schemas.js';
import { leafHash } from '../../src/log/index.js';
import { Unavailable } from '../../src/reasons/index.js';
import { ask, gatewayThat, startSite, TlsPki, type Client, type Reply, type TestSite } from '../support/http-site.js';
import { testEntry } from '../support/log-fixtures.js';

const tls = new TlsPki();
const NAMES = ['a.example', 'np.example', 'ep.example', 'auditor.example', 'operator.example'];
const CLIENTS: Readonly<Record<string, Client>> = Object.fromEntries(NAMES.map((dns) => [dns, tls.client([{ dns }])]));
const row = { kind: 'reject', action: 'register', client: 'b.example', signer: '505X', reason: 'tn-out-of-scope', time: 1_795_500_000_000 };
const ALARMS: readonly Alarm[] = [
  { id: '3-1', alarm: null, index: 0, row },
  { id: '7-1', alarm: 'foreign-credential', index: 7, row },
];
let site: TestSite;
let unavailable = false;
let held: Promise<void> = Promise.resolve();
const begun: string[] = [];
const reads: unknown[] = [];

beforeAll(async () => {
  site = await startSite(tls, {
    gateway: gatewayThat({
      async *monitor(name, from) {
        if (unavailable) throw new Unavailable('search-unavailable', undefined, null, 5);
        begun.push(name);
        await held;
        reads.push([name, from]);
        for (let index = from; index < from + 3; index += 1)
          yield { index, leaf: testEntry(index), leafHash: leafHash(testEntry(index)), proof: `c2sp.org/tlog-proof@v1\nindex ${index}\n` };
        return from + 9;
      },
      alarms: (name, after) => {
        reads.push([name, after]);
        const left = [...ALARMS];
        return { id: null, take: (most) => left.splice(0, most), close: () => undefined };
      },
    }),
  });
});
afterAll(() => site.server.drain());

const get = (path: string, as: string | null): Promise<Reply> => {
  const client = as === null ? undefined : CLIENTS[as];
  return ask(site.port, tls.ca, { path, ...(client === undefined ? {} : { client }) });
};

describe('a monitor', () => {
  test.each([
    ['/v1/monitor/709J', 'np.example', '709J'],
    ['/v1/monitor/ep.example', 'ep.example', 'ep.example'],
    ['/v1/monitor/505X', 'auditor.example', '505X'],
  ])('%s is told to %s, with proofs, and from where to go on', async (path, as, name) => {
    reads.length = 0;
    const reply = await get(`${path}?from=4`, as);
    expect([reply.status, reply.headers['content-type'], reads]).toEqual([200, 'application/jsonl', [[name, 4]]]);
    const lines = reply.body
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(lines.slice(0, 3).map((line) => shapes.monitoredEntry.parse(line).index)).toEqual([4, 5, 6]);
    expect(shapes.monitorEnd.parse(lines[3]).next).toBe(13);
  });

  test.each([
    ['/v1/monitor/709J', null, 401, 'client-unknown'],
    ['/v1/monitor/709J', 'a.example', 403, 'client-not-allowed'],
    ['/v1/monitor/709J', 'operator.example', 403, 'client-not-allowed'],
    ['/v1/monitor/505X', 'np.example', 403, 'not-own-name'],
    ['/v1/monitor/np.example', 'np.example', 403, 'not-own-name'],
    ['/v1/monitor/709J', 'ep.example', 403, 'not-own-name'],
    ['/v1/monitor/709J/alarms', 'a.example', 403, 'client-not-allowed'],
    ['/v1/monitor/505X/alarms', 'np.example', 403, 'not-own-name'],
    ['/v1/monitor/709j', 'auditor.example', 400, 'malformed-request'],
    ['/v1/monitor/709J?from=01', 'np.example', 400, 'malformed-request'],
    ['/v1/monitor/709J?from=1&from=2', 'np.example', 400, 'malformed-request'],
    ['/v1/monitor/709J?to=1', 'np.example', 400, 'malformed-request'],
    ['/v1/monitor/709J/alarms?from=1', 'np.example', 400, 'malformed-request'],
  ])('%s is refused to %s', async (path, as, status, reason) => {
    const reply = await get(path, as);
    expect([reply.status, shapes.problem.parse(JSON.parse(reply.body.toString())).reason]).toEqual([status, reason]);
  });

  test('is read four times at once by one client, and no fifth time; meanwhile others read', async () => {
    let release = (): void => undefined;
    held = new Promise((resolve) => (release = resolve));
    begun.length = 0;
    const readings = Array.from({ length: 4 }, () => get('/v1/monitor/709J', 'np.example'));
    while (begun.length < 4) await new Promise((resolve) => setImmediate(resolve));
    const fifth = await get('/v1/monitor/709J', 'np.example');
    expect([fifth.status, fifth.headers['retry-after'], shapes.problem.parse(JSON.parse(fifth.body.toString())).reason]).toEqual([
      503,
      '1',
      'overloaded',
    ]);
    const others = get('/v1/monitor/505X', 'auditor.example');
    release();
    expect((await Promise.all([...readings, others])).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect((await get('/v1/monitor/709J', 'np.example')).status).toBe(200);
  });

  test('that cannot be made yet is a problem, not half an answer', async () => {
    unavailable = true;
    const reply = await get('/v1/monitor/709J', 'np.example');
    unavailable = false;
    expect([reply.status, reply.headers['retry-after'], shapes.problem.parse(JSON.parse(reply.body.toString())).reason]).toEqual([
      503,
      '5',
      'search-unavailable',
    ]);
  });
});

test('alarms are server-sent events that name no number, and resume', async () => {
  reads.length = 0;
  const request = httpsRequest({
    host: '127.0.0.1',
    port: site.port,
    path: '/v1/monitor/709J/alarms',
    ca: tls.ca,
    ...CLIENTS['np.example'],
    agent: false,
    headers: { 'Last-Event-ID': '2-1' },
  });
  request.on('error', () => undefined);
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  const text = await new Promise<string>((resolve) => {
    let seen = '';
    response.on('data', (part: Buffer) => {
      seen += part.toString();
      if (seen.includes('7-1')) resolve(seen);
    });
  });
  request.destroy();
  const [, reset, event] = text.split('\n\n');
  expect(reset).toBe('event: reset\nid: 3-1\ndata: {"index":0}');
  const [id, data = ''] = event?.split('\n') ?? [];
  expect(id).toBe('id: 7-1');
  expect(shapes.alarm.parse(JSON.parse(data.slice('data: '.length)))).toMatchObject({
    alarm: 'foreign-credential',
    index: 7,
    signer: '505X',
  });
  expect([response.headers['content-type'], reads]).toEqual(['text/event-stream', [['709J', '2-1']]]);
});
