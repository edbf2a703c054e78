import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Submission } from '../../src/gateway/index.js';
import { streamLine } from '../../src/http/answer-schemas.js';
import { Turns } from '../../src/http/admission.js';
import { LIMITS } from '../../src/http/limits.js';
import { ACCEPTED, REFUSED, ask, gatewayThat, openSocket, startSite, TlsPki, type Reply, type TestSite } from '../support/http-site.js';

const tls = new TlsPki();
const client = tls.client([{ dns: 'a.example' }]);
const STREAM = { 'Content-Type': 'application/x-ndjson' };

interface Counting {
  begun: number;
  pending: number;
  mostPending: number;
}

/** Answers in an order of its own: the later half of each group of four first. */
const countingGateway = (count: Counting) =>
  gatewayThat({
    submit: async (passport): Promise<Submission> => {
      count.begun += 1;
      count.pending += 1;
      count.mostPending = Math.max(count.mostPending, count.pending);
      for (let turns = 4 - (count.begun % 4); turns > 0; turns -= 1) await new Promise(setImmediate);
      count.pending -= 1;
      if (passport === 'fault') throw new Error('a bug');
      return passport.startsWith('good') ? ACCEPTED : REFUSED;
    },
  });

const count: Counting = { begun: 0, pending: 0, mostPending: 0 };
let site: TestSite;

beforeAll(async () => {
  site = await startSite(tls, { gateway: countingGateway(count) });
});
afterAll(() => site.server.drain());

const send = (body: string | Buffer): Promise<Reply> =>
  ask(site.port, tls.ca, { method: 'POST', path: '/v1/passports', headers: STREAM, body, client });
const linesOf = (reply: Reply) =>
  reply.body
    .toString()
    .split('\n')
    .slice(0, -1)
    .map((text) => streamLine.parse(JSON.parse(text)));
const outcomes = (reply: Reply) => linesOf(reply).map((line) => [line.line, line.status, 'reason' in line ? line.reason : null]);
const passport = (text: string): string => JSON.stringify({ passport: text });

const open = (port: number): { request: ClientRequest; response: Promise<IncomingMessage> } => {
  const request = httpsRequest({
    host: '127.0.0.1',
    port,
    method: 'POST',
    path: '/v1/passports',
    ca: tls.ca,
    ...client,
    agent: false,
    headers: STREAM,
  });
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', reject);
  });
  request.flushHeaders();
  return { request, response };
};

describe('turns', () => {
  test('are so many at once, then so many with each turn of the event loop, in the order in which they were asked for', async () => {
    const turns = new Turns(3);
    const done: number[] = [];
    const take = async (number: number): Promise<void> => {
      await turns.take();
      done.push(number);
    };
    const all = Promise.all(Array.from({ length: 10 }, (_, number) => take(number)));
    const counts: number[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      await Promise.resolve();
      counts.push(done.length);
      await new Promise(setImmediate);
    }
    await all;
    expect(counts).toEqual([3, 6, 9, 10]);
    expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await new Promise(setImmediate);
    await take(10);
    expect(done).toHaveLength(11);
  });
});

describe('a stream of PASSporTs', () => {
  test('is answered line by line in order, each line with a fate of its own', async () => {
    const body = [
      passport('good'),
      passport('bad'),
      'not json',
      '',
      '{"passport":1}',
      '{"passport":"good","x":1}',
      '{"passport":"good","passport":"bad"}',
      passport('fault'),
      passport('x'.repeat(LIMITS.lineBytes)),
      `${passport('good')}\r`,
      '[]',
      passport('good'),
    ].join('\n');
    expect(outcomes(await send(body))).toEqual([
      [1, 201, null],
      [2, 403, 'tn-out-of-scope'],
      [3, 400, 'malformed-json'],
      [4, 400, 'malformed-json'],
      [5, 400, 'malformed-request'],
      [6, 400, 'malformed-request'],
      [7, 400, 'malformed-json'],
      [8, 500, 'internal-error'],
      [9, 413, 'too-large'],
      [10, 201, null],
      [11, 400, 'malformed-request'],
      [12, 201, null],
    ]);
  });

  test.each([
    ['an empty body', '', []],
    ['one line with its end', `${passport('good')}\n`, [[1, 201, null]]],
    ['one line without', passport('good'), [[1, 201, null]]],
    ['a line exactly as long as allowed', passport('b'.repeat(LIMITS.lineBytes - passport('').length)), [[1, 403, 'tn-out-of-scope']]],
    ['a line one octet longer', passport('b'.repeat(LIMITS.lineBytes - passport('').length + 1)), [[1, 413, 'too-large']]],
    ['octets that are not UTF-8', Buffer.from([0xff, 0x0a]), [[1, 400, 'malformed-json']]],
  ])('%s is answered', async (_name, body, expected) => {
    expect(outcomes(await send(body))).toEqual(expected);
  });

  test('answers a line while the next is not yet sent', async () => {
    const { request, response } = open(site.port);
    const answers = createInterface({ input: await response });
    const texts = answers[Symbol.asyncIterator]();
    for (const wanted of [1, 2, 3]) {
      request.write(`${passport('good')}\n`);
      expect(streamLine.parse(JSON.parse(String((await texts.next()).value))).line).toBe(wanted);
    }
    request.end();
    expect((await texts.next()).done).toBe(true);
  });

  test('of 20,000 lines holds no more than its window at once, and answers all in order', async () => {
    count.mostPending = 0;
    const { request, response } = open(site.port);
    const sent = (async () => {
      for (let group = 0; group < 200; group += 1)
        if (!request.write(`${passport('good')}\n${passport('bad')}\n`.repeat(50))) await once(request, 'drain');
      request.end();
    })();
    let wanted = 0;
    let ordered = true;
    for await (const text of createInterface({ input: await response })) {
      wanted += 1;
      const { line, status } = JSON.parse(text) as { line: number; status: number };
      ordered &&= line === wanted && status === (wanted % 2 === 1 ? 201 : 403);
    }
    await sent;
    expect([wanted, ordered]).toEqual([20_000, true]);
    expect(count.mostPending).toBeLessThanOrEqual(LIMITS.linesPerStream);
  });

  test('is read no faster than its answers are taken', async () => {
    const before = count.begun;
    const socket = await openSocket(site.port, tls.ca, client);
    socket.pause();
    const line = `${passport('bad')}\n`;
    socket.write(
      'POST /v1/passports HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    const chunk = line.repeat(2000);
    const framed = `${Buffer.byteLength(chunk).toString(16)}\r\n${chunk}\r\n`;
    // 400,000 lines would have about 100 MB of answers: far more than any buffer between the two.
    let written = 0;
    let stalled = false;
    while (written < 200 && !stalled) {
      written += 1;
      if (!socket.write(framed))
        stalled = !(await Promise.race([once(socket, 'drain').then(() => true), quiet(() => count.begun).then(() => false)]));
    }
    const begun = count.begun - before;
    socket.destroy();
    expect(stalled).toBe(true);
    expect(begun).toBeLessThan(200 * 2000);
    expect(count.pending).toBe(0);
  });

  test('ends at the drain: what was begun is answered, the next line is told so', async () => {
    const other = await startSite(tls, { gateway: gatewayThat() });
    const { request, response } = open(other.port);
    const texts = createInterface({ input: await response })[Symbol.asyncIterator]();
    request.write(`${passport('good')}\n`);
    expect(JSON.parse(String((await texts.next()).value))).toMatchObject({ line: 1, status: 201 });
    const drained = other.server.drain();
    expect(JSON.parse(String((await texts.next()).value))).toMatchObject({ line: 2, status: 503, reason: 'draining' });
    expect((await texts.next()).done).toBe(true);
    request.on('error', () => undefined).destroy();
    await drained;
  });

  test('a client that goes away takes nothing with it', async () => {
    const { request, response } = open(site.port);
    await response;
    request.write(`${passport('good')}\n`.repeat(100));
    request.on('error', () => undefined).destroy();
    expect(outcomes(await send(passport('good')))).toEqual([[1, 201, null]]);
  });
});

/** Resolves once the number has not moved for a while: nothing is being read any more. */
const quiet = async (read: () => number): Promise<void> => {
  for (let last = -1; last !== read();) {
    last = read();
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
};
