import { setMaxListeners } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { readWebhook, type WebhookEvent } from '../../src/client/index.js';
import { Alarms } from '../../src/gateway/alarms.js';
import { ChangeFeed } from '../../src/gateway/change-feed.js';
import type { SearchRow } from '../../src/gateway/search-block.js';
import { Webhooks, type WebhookTarget } from '../../src/gateway/index.js';
import { receiptKeyName } from '../../src/log/index.js';
import type { WebhookMessage } from '../../src/ports/index.js';
import { testSigner, vkeyOf } from '../support/log-fixtures.js';

const signer = testSigner(receiptKeyName('dp.example/log'));
const URL_A = 'https://hooks.a.example/signpost';

interface Sent {
  readonly url: string;
  readonly id: string;
  readonly events: readonly WebhookEvent[];
  /** Answers the message. */
  readonly take: () => void;
  readonly fail: () => void;
}

/** A receiver that answers when the test says so. */
class Bed {
  readonly feeds = new Map<string, ChangeFeed>();
  targets: WebhookTarget[] = [{ domain: 'a.example', url: URL_A, monitors: null }];
  now = 1_000;
  readonly failures: string[] = [];
  readonly #sent: Sent[] = [];
  #waiting: ((sent: Sent) => void) | null = null;
  readonly alarms = new Alarms((index) => this.rows[index] as SearchRow);
  readonly rows: SearchRow[] = [];
  readonly webhooks = new Webhooks({
    send: (url, message, signal) => this.#take(url, message, signal),
    signer,
    clock: { now: () => 1_795_500_000_000, monotonic: () => this.now },
    targets: () => this.targets,
    changes: (domain, after, wake) => this.feed(domain).read(after, false, wake),
    alarms: (name, after, wake) => this.alarms.read(name, after, wake),
    failed: (domain, error) => void this.failures.push(`${domain}: ${error.message}`),
  });

  feed(domain: string): ChangeFeed {
    const feed = this.feeds.get(domain) ?? new ChangeFeed(1);
    this.feeds.set(domain, feed);
    return feed;
  }

  change(tn: string, domain = 'a.example'): void {
    this.feed(domain).push(`tel:+${tn}`, Infinity);
  }

  next(): Promise<Sent> {
    const sent = this.#sent.shift();
    return sent === undefined ? new Promise((resolve) => (this.#waiting = resolve)) : Promise.resolve(sent);
  }

  get underWay(): number {
    return this.#sent.length;
  }

  #take(url: string, { headers, body }: WebhookMessage, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const { id, events } = readWebhook(headers, body, { receiptVkey: vkeyOf(signer), now: 1_795_500_000 });
      setMaxListeners(0, signal);
      signal.addEventListener('abort', () => reject(new Error('aborted')));
      const sent = { url, id, events, take: resolve, fail: () => reject(new Error('status 500')) };
      if (this.#waiting === null) this.#sent.push(sent);
      else this.#waiting(sent);
      this.#waiting = null;
    });
  }
}

const siis = ({ events }: Sent): string[] => events.map((event) => (event.event === 'changed' ? event.sii.slice(5) : event.event));
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('webhooks', () => {
  test('send what changes, in order, the next message when the last was taken', async () => {
    const bed = new Bed();
    bed.webhooks.turn();
    bed.change('1');
    bed.change('2');
    const first = await bed.next();
    expect([first.url, first.id, siis(first)]).toEqual([URL_A, 'invalidations.1-1..1-2', ['1', '2']]);
    bed.change('3');
    await settled();
    expect(bed.underWay).toBe(0);
    first.take();
    const second = await bed.next();
    expect([second.id, siis(second)]).toEqual(['invalidations.1-3..1-3', ['3']]);
    second.take();
    await settled();
    expect(bed.webhooks.state).toEqual({ delivered: 2, failed: 0, failing: 0 });
  });

  test('send again what was not taken, the same under the same id, later each time, and tell of it once', async () => {
    const bed = new Bed();
    bed.webhooks.turn();
    bed.change('1');
    const first = await bed.next();
    first.fail();
    await settled();
    bed.change('2');
    bed.webhooks.turn();
    await settled();
    expect([bed.underWay, bed.webhooks.state]).toEqual([0, { delivered: 0, failed: 1, failing: 1 }]);
    bed.now += 1_000;
    bed.webhooks.turn();
    const again = await bed.next();
    expect([again.id, siis(again)]).toEqual([first.id, ['1']]);
    again.fail();
    await settled();
    bed.now += 1_999;
    bed.webhooks.turn();
    expect(bed.underWay).toBe(0);
    bed.now += 1;
    bed.webhooks.turn();
    (await bed.next()).take();
    expect(siis(await bed.next())).toEqual(['2']);
    expect(bed.failures).toEqual(['a.example: status 500']);
    expect(bed.webhooks.state).toEqual({ delivered: 1, failed: 2, failing: 0 });
  });

  test('of one receiver do not wait for those of another', async () => {
    const bed = new Bed();
    bed.targets.push({ domain: 'b.example', url: 'https://b.example/', monitors: null });
    bed.webhooks.turn();
    bed.change('1');
    const stuck = await bed.next();
    bed.change('2', 'b.example');
    expect([(await bed.next()).url, stuck.url]).toEqual(['https://b.example/', URL_A]);
  });

  test('of one receiver are under way one at a time, however often it says anew where', async () => {
    const bed = new Bed();
    bed.webhooks.turn();
    bed.change('1');
    const first = await bed.next();
    for (const url of ['https://x.a.example/', 'https://y.a.example/', 'https://z.a.example/']) {
      bed.targets = [{ domain: 'a.example', url, monitors: null }];
      bed.webhooks.turn();
    }
    await settled();
    expect(bed.underWay).toBe(0);
    first.fail();
    const second = await bed.next();
    expect([second.url, siis(second)]).toEqual(['https://z.a.example/', ['1']]);
  });

  test('are under way 1,024 at a time, and those that wait come before those that were sent', async () => {
    const bed = new Bed();
    const domains = Array.from({ length: 1_026 }, (_, i) => `d${i}.example`);
    bed.targets = domains.map((domain) => ({ domain, url: `https://${domain}/`, monitors: null }));
    bed.webhooks.turn();
    for (const domain of domains) bed.change('1', domain);
    await settled();
    expect(bed.underWay).toBe(1_024);
    const [first, second] = [await bed.next(), await bed.next()];
    bed.change('2', 'd0.example');
    first.take();
    while (bed.underWay < 1_023) await settled();
    second.fail();
    while (bed.underWay < 1_024) await settled();
    const rest: string[] = [];
    for (let n = 0; n < 1_024; n += 1) rest.push((await bed.next()).url);
    expect([first.url, second.url, ...rest.slice(-2)]).toEqual([0, 1, 1_024, 1_025].map((n) => `https://d${n}.example/`));
  });

  test('tell a provider of its alarms, beside its changes', async () => {
    const bed = new Bed();
    bed.targets = [{ domain: 'np.example', url: 'https://np.example/', monitors: '709J' }];
    bed.webhooks.turn();
    const row = { kind: 'accept', time: 1_795_500_000_000, action: 'register', reason: 'OK', client: 'a.example', signer: '709J' };
    bed.rows.push({ ...row, owner: null, area: '1', mark: 0, tags: [] });
    bed.alarms.follow(0, bed.rows[0] as SearchRow);
    const sent = await bed.next();
    expect([sent.id, sent.events]).toEqual([
      'alarms.0-2..0-2',
      [{ event: 'alarm', id: '0-2', alarm: 'new-client', index: 0, ...row, time: '2026-11-24T06:00:00.000Z' }],
    ]);
    bed.change('1', 'np.example');
    expect(siis(await bed.next())).toEqual(['1']);
  });

  test('end with the target, and begin with all that is kept for a new one', async () => {
    const bed = new Bed();
    bed.webhooks.turn();
    bed.targets = [];
    bed.webhooks.turn();
    bed.change('1');
    await settled();
    expect(bed.underWay).toBe(0);
    bed.targets = [{ domain: 'a.example', url: 'https://a.example/other', monitors: null }];
    bed.webhooks.turn();
    const sent = await bed.next();
    expect([sent.url, siis(sent)]).toEqual(['https://a.example/other', ['1']]);
  });

  test('bring what is under way to an end, and send nothing after it', async () => {
    const bed = new Bed();
    bed.webhooks.turn();
    bed.change('1');
    await bed.next();
    await bed.webhooks.stop();
    bed.change('2');
    bed.webhooks.turn();
    await settled();
    expect([bed.underWay, bed.webhooks.state.failed]).toEqual([0, 0]);
  });
});
