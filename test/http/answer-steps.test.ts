import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import { OverQuota } from '../../src/gateway/index.js';
import { AnswerSteps } from '../../src/http/answer-steps.js';
import { LIMITS } from '../../src/http/limits.js';
import type { Clock } from '../../src/ports/index.js';
import { Unavailable } from '../../src/reasons/index.js';
import { STANDING, TlsPki, ask, gatewayThat, openSocket, startSite, type Reply, type TestSite } from '../support/http-site.js';
import { TestWaker } from '../support/test-waker.js';

const { answerStepMs: STEP, answerGridMs: GRID } = LIMITS;

/** A clock that stands still until the test moves it; a turn lets what is settled be heard. */
const start = (at: number) => {
  const clock: Clock & { ms: number } = { ms: at, now: () => 0, monotonic: () => clock.ms };
  const test = new TestWaker(clock);
  const steps = new AnswerSteps(clock, test.waker);
  const left: string[] = [];
  const leave = (name: string, since: number, count = 1): void => void steps.leave(since, count).then(() => left.push(name));
  const turn = async (): Promise<readonly string[]> => {
    await new Promise((resolve) => setImmediate(resolve));
    return left;
  };
  const wakeAt = async (ms: number): Promise<readonly string[]> => {
    clock.ms = ms;
    test.wake();
    return turn();
  };
  return { clock, test, leave, turn, wakeAt };
};

describe('answers leave at steps after their request', () => {
  test('one that is ready at once waits for the step', async () => {
    const { test: waker, leave, turn, wakeAt } = start(100);
    leave('early', 100);
    expect(waker.moment).toBe(100 + STEP);
    expect(await turn()).toEqual([]);
    expect(await wakeAt(100 + STEP)).toEqual(['early']);
    expect(waker.moment).toBeNull();
  });

  test.each([0.01, 0.2, STEP / 2, STEP - 0.01, STEP])('one that took %d ms leaves at the same step', async (took) => {
    const { test: waker, clock, leave } = start(100);
    clock.ms += took;
    leave('one', 100);
    expect(waker.moment).toBe(100 + STEP);
  });

  test.each([
    [STEP + 0.001, 2],
    [2 * STEP - 0.01, 2],
    [2 * STEP + 0.001, 3],
    [10 * STEP - 0.01, 10],
  ])('one that took %d ms leaves at step %i, not at once', async (took, step) => {
    const { test: waker, clock, leave, turn, wakeAt } = start(100);
    clock.ms += took;
    leave('late', 100);
    expect(waker.moment).toBe(100 + step * STEP);
    expect(await turn()).toEqual([]);
    expect(await wakeAt(100 + step * STEP)).toEqual(['late']);
  });

  test('a larger request has larger steps, also when it is late', () => {
    const { test: waker, clock, leave } = start(100);
    leave('batch', 100, 8);
    expect(waker.moment).toBe(100 + 8 * STEP);
    const late = start(100);
    late.clock.ms += 8 * STEP + 0.001;
    late.leave('batch', 100, 8);
    expect(late.test.moment).toBe(100 + 16 * STEP);
    expect(clock.ms).toBe(100);
  });

  test('the step follows from the request alone, within the grid: no answer takes longer than step and grid', () => {
    for (const since of [100, 100.001, 100.2, 100.4999, 100.5, 100.75]) {
      const { test: waker, clock, leave } = start(since);
      clock.ms = since + 0.1;
      leave('one', since);
      const moment = waker.moment ?? 0;
      expect(moment % GRID).toBe(0);
      expect(moment - since).toBeGreaterThanOrEqual(STEP);
      expect(moment - since).toBeLessThan(STEP + GRID);
    }
  });

  test('who is due together leaves together, in the order of asking; who is due sooner goes first', async () => {
    const { test: waker, leave, wakeAt } = start(100);
    leave('batch', 100, 2);
    leave('first', 100);
    leave('second', 100);
    expect(waker.moment).toBe(100 + STEP);
    expect(await wakeAt(100 + STEP)).toEqual(['first', 'second']);
    expect(waker.moment).toBe(100 + 2 * STEP);
    expect(await wakeAt(100 + 2 * STEP)).toEqual(['first', 'second', 'batch']);
  });
});

const tls = new TlsPki();
const client = tls.client([{ dns: 'a.example' }]);
const SII = 'tel:+12025550100';
const BATCH = JSON.stringify({ lookups: Array.from({ length: LIMITS.lookupsPerStep + 1 }, () => ({ sii: SII })) });

interface Case {
  readonly name: string;
  readonly body: string;
  readonly status: number;
  /** In steps. */
  readonly leaves: number;
  readonly lookup?: () => Promise<never>;
}

const refuse = (error: Error) => async (): Promise<never> => {
  throw error;
};

const CASES: readonly Case[] = [
  { name: 'what is found', body: JSON.stringify({ sii: SII }), status: 200, leaves: 1 },
  { name: 'what is not', body: JSON.stringify({ sii: 'tel:+12025550101' }), status: 200, leaves: 1 },
  { name: 'a batch', body: BATCH, status: 200, leaves: 2 },
  { name: 'a signed answer', body: JSON.stringify({ sii: SII, signed: true }), status: 200, leaves: LIMITS.stepsPerSignature },
  { name: 'an SII that is none', body: JSON.stringify({ sii: 'tel:12025550100' }), status: 400, leaves: 1 },
  { name: 'a body that is not JSON', body: '{"sii":', status: 400, leaves: 1 },
  {
    name: 'a lookup over the quota',
    body: JSON.stringify({ sii: SII }),
    status: 429,
    leaves: 1,
    lookup: refuse(new OverQuota('epoch', STANDING, 60)),
  },
  {
    name: 'a store that is away',
    body: JSON.stringify({ sii: SII }),
    status: 503,
    leaves: 1,
    lookup: refuse(new Unavailable('store-unavailable')),
  },
  { name: 'a fault', body: JSON.stringify({ sii: SII }), status: 500, leaves: 1, lookup: refuse(new TypeError('a fault of ours')) },
];

describe('lookups over HTTP', () => {
  const sites: TestSite[] = [];
  afterEach(() => Promise.all(sites.splice(0).map(({ server }) => server.drain())));

  const open = async (lookup?: Case['lookup']) => {
    const clock: Clock & { ms: number } = { ms: 100, now: () => Date.now(), monotonic: () => clock.ms };
    const waker = new TestWaker(clock);
    const site = await startSite(tls, { clock, waker: waker.waker, ...(lookup === undefined ? {} : { gateway: gatewayThat({ lookup }) }) });
    sites.push(site);
    return { clock, waker, site };
  };

  const send = (site: TestSite, body: string): { readonly reply: Promise<Reply>; readonly isHere: () => boolean } => {
    let here = false;
    const headers = { 'Content-Type': 'application/json' };
    const reply = ask(site.port, tls.ca, { method: 'POST', path: '/v1/lookups', headers, body, client }).then((answer) => {
      here = true;
      return answer;
    });
    return { reply, isHere: () => here };
  };

  /** Longer than an answer that was written before is under way. */
  const another = (site: TestSite): Promise<Reply> => ask(site.port, tls.ca, { path: '/healthz', client });

  test.each(CASES)('$name waits for its step', async ({ body, status, leaves, lookup }) => {
    const { clock, waker, site } = await open(lookup);
    const { reply, isHere } = send(site, body);
    await waker.asked();
    expect(waker.moment).toBe(100 + leaves * STEP);
    await another(site);
    expect(isHere()).toBe(false);
    clock.ms = 100 + leaves * STEP;
    waker.wake();
    expect((await reply).status).toBe(status);
  });

  test('draining lets what waits leave at its step, and ends', async () => {
    const { clock, waker, site } = await open();
    const { reply } = send(site, JSON.stringify({ sii: SII }));
    await waker.asked();
    const drained = site.server.drain();
    expect(waker.ended).toBe(false);
    clock.ms += STEP;
    waker.wake();
    expect((await reply).status).toBe(200);
    await drained;
    sites.splice(0);
    expect(waker.ended).toBe(true);
  });

  test("who goes away while it waits is in nobody's way", async () => {
    const { clock, waker, site } = await open();
    const socket = await openSocket(site.port, tls.ca, client);
    const body = JSON.stringify({ sii: SII });
    const head = `POST /v1/lookups HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    socket.write(head + body);
    await waker.asked();
    socket.destroy();
    await once(socket, 'close');
    const { reply } = send(site, body);
    clock.ms += STEP;
    waker.wake();
    await waker.asked();
    clock.ms += STEP;
    waker.wake();
    expect((await reply).status).toBe(200);
  });
});
