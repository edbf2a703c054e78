import { EventEmitter, once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Change, KnownPrincipal } from '../../src/gateway/index.js';
import { ChangeFeed } from '../../src/gateway/change-feed.js';
import { EventStream, type StreamEnd } from '../../src/http/event-stream.js';
import { changeText } from '../../src/http/routes/invalidations.js';
import { LIMITS } from '../../src/http/limits.js';
import { PRINCIPALS, TlsPki, ask, gatewayThat, openSocket, startSite, type Client, type TestSite } from '../support/http-site.js';

const tls = new TlsPki();
const clientOf = (dns: string): Client => tls.client([{ dns }]);
const a = clientOf('a.example');
const b = clientOf('b.example');

let feeds: Map<string, ChangeFeed>;
let principals: Map<string, KnownPrincipal>;
const KNOWN: KnownPrincipal = { domain: 'a.example', kind: 'ap', class: 'consumer', spc: null };
let site: TestSite;

const feedOf = (domain: string): ChangeFeed => {
  const feed = feeds.get(domain) ?? new ChangeFeed(7);
  feeds.set(domain, feed);
  return feed;
};

beforeEach(async () => {
  feeds = new Map();
  principals = new Map(PRINCIPALS);
  site = await startSite(tls, {
    principalOf: (domain) => principals.get(domain),
    gateway: gatewayThat({ changes: ({ domain }, after, wake) => feedOf(domain).read(after, false, wake) }),
    streams: { streams: 3, streamsPerClient: 2 },
  });
});
afterEach(() => site.server.drain());

interface Opened {
  readonly response: IncomingMessage;
  /** Blocks so far, without comments. */
  readonly blocks: string[];
  /** Resolves when as many blocks have come. */
  has(count: number): Promise<string[]>;
  readonly ended: Promise<unknown>;
  close(): void;
}

const open = async (client: Client, headers: Record<string, string> = {}): Promise<Opened> => {
  const request = httpsRequest({
    host: '127.0.0.1',
    port: site.port,
    path: '/v1/invalidations',
    ca: tls.ca,
    ...client,
    agent: false,
    headers,
  });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  request.on('error', () => undefined);
  const blocks: string[] = [];
  const came = new EventEmitter();
  let text = '';
  response.on('data', (part: Buffer) => {
    text += part.toString();
    const parts = text.split('\n\n');
    text = parts.pop() ?? '';
    blocks.push(...parts.filter((part_) => !part_.startsWith(':')));
    came.emit('block');
  });
  const has = async (count: number): Promise<string[]> => {
    while (blocks.length < count) await once(came, 'block');
    return blocks;
  };
  return { response, blocks, has, ended: new Promise((resolve) => response.once('close', resolve)), close: () => request.destroy() };
};

const metric = async (name: string): Promise<number> => {
  const reply = await ask(site.port, tls.ca, { path: '/metrics', client: clientOf('operator.example') });
  const line = reply.body
    .toString()
    .split('\n')
    .find((one) => one.startsWith(`${name} `));
  return Number(line?.split(' ')[1]);
};

describe('a stream of invalidations', () => {
  test('says where it begins, then each change with its id, and goes on', async () => {
    feedOf('a.example').push('tel:+12025550100', 1);
    const stream = await open(a);
    expect(stream.response.statusCode).toBe(200);
    expect(stream.response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    await stream.has(2);
    feedOf('a.example').push('mailto:bob@example.com', 1);
    feedOf('b.example').push('tel:+12025550101', 1);
    expect(await stream.has(3)).toEqual([
      'retry: 1000\nid: 7-0',
      'id: 7-1\ndata: {"sii":"tel:+12025550100"}',
      'id: 7-2\ndata: {"sii":"mailto:bob@example.com"}',
    ]);
    expect([await metric('signpost_invalidation_streams'), await metric('signpost_invalidation_events_total')]).toEqual([1, 2]);
    expect([await metric('signpost_invalidations_total'), await metric('signpost_answers_held')]).toEqual([4, 5]);
    expect([await metric('signpost_answers_not_held_total'), await metric('signpost_invalidation_resets_total')]).toEqual([3, 2]);
  });

  test('goes on after Last-Event-ID, or says to drop all where that is unknown', async () => {
    for (const n of [0, 1, 2]) feedOf('a.example').push(`tel:+1202555010${n}`, 1);
    const resumed = await open(a, { 'Last-Event-ID': '7-2' });
    expect(await resumed.has(2)).toEqual(['retry: 1000\nid: 7-2', 'id: 7-3\ndata: {"sii":"tel:+12025550102"}']);
    const lost = await open(a, { 'Last-Event-ID': '6-2' });
    expect(await lost.has(2)).toEqual(['retry: 1000', 'event: reset\nid: 7-3\ndata: {}']);
  });

  test('is for those who look up and for providers', async () => {
    for (const domain of ['a.example', 'np.example', 'ep.example', 'auditor.example']) {
      const stream = await open(clientOf(domain));
      expect([domain, stream.response.statusCode]).toEqual([domain, 200]);
      stream.close();
      await stream.ended;
    }
    const reasonOf = async (client?: Client): Promise<unknown> => {
      const reply = await ask(site.port, tls.ca, { path: '/v1/invalidations', ...(client === undefined ? {} : { client }) });
      return [reply.status, (JSON.parse(reply.body.toString()) as { reason: string }).reason];
    };
    expect(await reasonOf()).toEqual([401, 'client-unknown']);
    expect(await reasonOf(clientOf('operator.example'))).toEqual([403, 'client-not-allowed']);
  });

  test('beyond what one caller may have ends its eldest, and beyond what all may have is overloaded', async () => {
    const first = await open(a);
    const second = await open(a);
    const third = await open(a);
    await first.ended;
    expect(first.response.complete).toBe(true);
    const fourth = await open(b);
    const refused = await ask(site.port, tls.ca, { path: '/v1/invalidations', client: b });
    expect(JSON.parse(refused.body.toString())).toMatchObject({ status: 503, reason: 'overloaded' });
    feedOf('a.example').push('tel:+12025550100', 1);
    await Promise.all([second.has(2), third.has(2)]);
    fourth.close();
    expect(await metric('signpost_invalidation_streams')).toBeGreaterThanOrEqual(2);
  });

  test.each([
    ['is no principal any more', () => principals.delete('a.example')],
    ['is suspended', () => principals.set('a.example', { ...KNOWN, isSuspended: true })],
    ['is of another kind', () => principals.set('a.example', { ...KNOWN, kind: 'auditor' })],
    ['has another SPC', () => principals.set('a.example', { ...KNOWN, spc: '709J' })],
    ['is of a kind that may not watch', () => principals.set('a.example', { ...KNOWN, kind: 'operator' })],
  ])('tells nothing more to a caller that %s, and ends', async (_what, change) => {
    const [stream, other] = [await open(a), await open(b)];
    await Promise.all([stream.has(1), other.has(1)]);
    change();
    for (const domain of ['a.example', 'b.example']) feedOf(domain).push('tel:+12025550100', 1);
    await stream.ended;
    await other.has(2);
    expect([stream.blocks.length, stream.response.complete]).toEqual([1, false]);
  });

  test('ends at once when the server drains, though its reader stays', async () => {
    const streams = [await open(a), await open(b)];
    const started = performance.now();
    await site.server.drain();
    await Promise.all(streams.map(({ ended }) => ended));
    expect(performance.now() - started).toBeLessThan(LIMITS.drainMs / 2);
    expect(streams.map(({ response }) => response.complete)).toEqual([true, true]);
    site = await startSite(tls);
  });

  test('HEAD opens none', async () => {
    const reply = await ask(site.port, tls.ca, { method: 'HEAD', path: '/v1/invalidations', client: a });
    expect([reply.status, reply.headers['content-type']]).toEqual([200, 'text/event-stream']);
    expect(await metric('signpost_invalidation_streams')).toBe(0);
  });

  test('does not wait for who opens one and never reads', async () => {
    const socket = await openSocket(site.port, tls.ca, a);
    socket.pause();
    socket.on('error', () => undefined);
    socket.write('GET /v1/invalidations HTTP/1.1\r\nHost: localhost\r\n\r\n');
    while ((await metric('signpost_invalidation_streams')) === 0) await new Promise(setImmediate);
    for (let n = 0; n < 300_000; n += 1) feedOf('a.example').push(`tel:+12025550${n}`, 1);
    await new Promise(setImmediate);
    const before = await metric('signpost_invalidation_events_total');
    expect(before).toBeLessThan(200_000);
    await site.server.drain();
    socket.destroy();
    site = await startSite(tls);
  });
});

describe('a reader', () => {
  class Reader extends EventEmitter {
    readonly texts: string[] = [];
    takes = true;
    destroyed = false;
    isEnded = false;
    write(text: string): boolean {
      this.texts.push(text);
      return this.takes;
    }
    end(): void {
      this.isEnded = true;
    }
    destroy(): void {
      this.destroyed = true;
    }
  }

  let reader: Reader;
  let feed: ChangeFeed;
  let stream: EventStream<Change>;
  let isWelcome: boolean;
  const ends: StreamEnd[] = [];
  const begin = (): EventStream<Change> =>
    new EventStream(
      {
        response: reader as unknown as ServerResponse,
        heartbeatMs: 15_000,
        stallMs: 30_000,
        isWelcome: () => isWelcome,
        written: () => undefined,
        ended: (how) => ends.push(how),
      },
      (wake) => feed.read(null, false, wake),
      changeText,
    );

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['performance', 'nextTick'] });
    reader = new Reader();
    feed = new ChangeFeed(1);
    isWelcome = true;
    ends.length = 0;
    stream = begin();
  });
  afterEach(() => {
    stream.end();
    jest.useRealTimers();
  });

  const push = (count: number): void => {
    for (let n = 0; n < count; n += 1) feed.push(`tel:+1202555${n}`, 1);
    jest.advanceTimersByTime(1);
  };
  const events = (): number => reader.texts.join('').split('data:').length - 1;

  test('that takes nothing is sent no more until it does, and then the rest', () => {
    reader.takes = false;
    push(200);
    expect(events()).toBe(64);
    jest.advanceTimersByTime(29_000);
    expect([events(), ends]).toEqual([64, []]);
    reader.takes = true;
    reader.emit('drain');
    expect(events()).toBe(200);
    jest.advanceTimersByTime(40_000);
    expect(ends).toEqual([]);
  });

  test('that takes nothing for too long is cut off', () => {
    reader.takes = false;
    push(1);
    jest.advanceTimersByTime(30_000);
    expect([reader.destroyed, ends]).toEqual([true, ['stalled']]);
    push(1);
    expect(events()).toBe(1);
  });

  test('hears signs of life while it is welcome, and is cut off when it is not', () => {
    jest.advanceTimersByTime(45_000);
    expect(reader.texts.filter((text) => text === ':\n\n')).toHaveLength(3);
    isWelcome = false;
    jest.advanceTimersByTime(15_000);
    expect([reader.destroyed, ends]).toEqual([true, ['unwelcome']]);
  });

  test('that is gone costs nothing any more', () => {
    reader.emit('close');
    push(1);
    expect([events(), ends, jest.getTimerCount()]).toEqual([0, ['closed'], 0]);
  });
});

test('a feed reads on through what goes from its front', () => {
  const feed = new ChangeFeed(3);
  const reader = feed.read(null, false, () => undefined);
  const ids = (changes: readonly Change[]): string[] => changes.map(({ id, sii }) => `${id} ${sii ?? 'reset'}`);
  for (let n = 1; n <= 5; n += 1) feed.push(String(n), n);
  expect(ids(reader.take(2))).toEqual(['3-1 1', '3-2 2']);
  expect([feed.drop(2), feed.drop(2)]).toEqual([2, 0]);
  expect(ids(reader.take(2))).toEqual(['3-3 3', '3-4 4']);
  expect(feed.drop(5)).toBe(3);
  expect(ids(reader.take(2))).toEqual(['3-5 reset']);
  feed.push('6', 9);
  expect(ids(reader.take(2))).toEqual(['3-6 6']);
});
