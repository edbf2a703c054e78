import { afterEach, describe, expect, it } from '@jest/globals';
import { ApClient, UnexpectedAnswer, type Invalidation, type WatchOptions } from '../../src/client/index.js';
import { answerJson, rejectionOf, scriptedGateway, type Script, type ScriptedGateway } from '../support/scripted-gateway.js';

let gateway: ScriptedGateway | null = null;
let client: ApClient | null = null;

afterEach(async () => {
  client?.close();
  await gateway?.close();
});

/** The first `count` invalidations; each turn's stream sends its text and, where it says so, ends. */
const watch = async (script: Script, count: number, options: WatchOptions = {}): Promise<Invalidation[]> => {
  gateway = await scriptedGateway(script);
  const { url, ca, cert, key } = gateway;
  client = new ApClient({ url, ca, cert, key });
  const stop = new AbortController();
  const got: Invalidation[] = [];
  for await (const invalidation of client.watch({ ...options, signal: stop.signal })) if (got.push(invalidation) === count) stop.abort();
  return got;
};

const streams =
  (...texts: string[]): Script =>
  (_seen, response, turn) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    const text = texts[turn - 1] ?? '';
    if (text.endsWith('CUT')) response.write(text.slice(0, -3), () => response.destroy());
    else response.end(text);
  };

const event = (id: string, sii: string): string => `id: ${id}\ndata: {"sii":"${sii}"}\n\n`;
const changed = (id: string, sii: string): Invalidation => ({ event: 'changed', id, sii });
const problem = (status: number, reason: string) => ({ title: reason, status, reason, clause: 'x' });

describe('a watch', () => {
  it('yields what comes, over comments and hints, and goes on after it where the stream ends or breaks', async () => {
    const script = streams(
      `retry: 1000\nid: 1-0\n\n:\n\n${event('1-1', 'tel:+12025550100')}`,
      `:\n\n${event('1-2', 'tel:+12025550101')}id: 1-3\ndata: {"siCUT`,
      `${event('1-3', 'tel:+12025550102')}event: reset\nid: 2-0\ndata: {}\n\n`,
      event('2-1', 'tel:+12025550103'),
    );
    expect(await watch(script, 5)).toEqual([
      changed('1-1', 'tel:+12025550100'),
      changed('1-2', 'tel:+12025550101'),
      changed('1-3', 'tel:+12025550102'),
      { event: 'reset', id: '2-0' },
      changed('2-1', 'tel:+12025550103'),
    ]);
    expect(gateway?.seen.map(({ path, lastEventId }) => [path, lastEventId])).toEqual([
      ['/v1/invalidations', undefined],
      ['/v1/invalidations', '1-1'],
      ['/v1/invalidations', '1-2'],
      ['/v1/invalidations', '2-0'],
    ]);
  });

  it('begins after an id of an earlier run, and where the first stream said when it told nothing', async () => {
    await watch(streams('id: 1-7\n\n', event('1-8', 'tel:+12025550100')), 1, { after: '1-5' });
    expect(gateway?.seen.map(({ lastEventId }) => lastEventId)).toEqual(['1-5', '1-7']);
  });

  it('comes back after a gateway that cannot now, and ends with one that will not', async () => {
    const script: Script = (seen, response, turn) => {
      if (turn === 1) answerJson(response, 503, problem(503, 'draining'));
      else if (turn === 2) streams('', event('1-1', 'tel:+12025550100'))(seen, response, turn);
      else answerJson(response, 403, problem(403, 'client-not-allowed'));
    };
    expect(await rejectionOf(watch(script, 2))).toMatchObject({ name: 'Refusal', reason: 'client-not-allowed', status: 403 });
    expect(gateway?.seen).toHaveLength(3);
  });

  it.each([
    ['an event without an id', 'data: {"sii":"tel:+12025550100"}\n\n'],
    ['data of another shape', 'id: 1-1\ndata: {"number":1}\n\n'],
    ['data that is not JSON', 'id: 1-1\ndata: sii\n\n'],
  ])('ends with %s', async (_what, text) => {
    expect(await rejectionOf(watch(streams(text), 1))).toBeInstanceOf(UnexpectedAnswer);
  });

  it('that is ended before it begins asks nothing', async () => {
    gateway = await scriptedGateway(streams());
    const { url, ca, cert, key } = gateway;
    client = new ApClient({ url, ca, cert, key });
    expect(await client.watch({ signal: AbortSignal.abort() }).next()).toEqual({ done: true, value: undefined });
    expect(gateway.seen).toEqual([]);
  });
});
