import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApClient, Invalidation } from '../../src/client/index.js';
import { SPC, ServedGateway, registrationClaims, releaseClaims, signed } from '../support/served-gateway.js';
import { Verb } from '../support/verb.js';

const number = (n: number): string => `1202555${(4400 + n).toString().slice(-4)}`;

/** Founding draft, requirement 9.2: who holds an answer is told within 2 s that it changed; who does not hold one is not. */
describe('a served gateway', () => {
  const served = new ServedGateway();

  beforeAll(() => served.start());
  afterAll(() => served.remove());

  const register = async (tn: string): Promise<void> => {
    const credential = served.pki.hierarchy.delegate({ spc: SPC, provider: 'a.example', numbers: [{ start: tn, count: 1 }] });
    await served.ap('a.example').submit(signed(credential, registrationClaims(tn, 'mimi://a.example/u/alice')));
  };
  const release = (tn: string): Promise<unknown> =>
    served.np('np1.example').submit(signed(served.pki.hierarchy.npCredential(SPC), releaseClaims(tn)));

  /** What comes until the SII does, after an id. */
  const until = async (client: ApClient, tn: string, after?: string): Promise<Invalidation[]> => {
    const got: Invalidation[] = [];
    const stop = new AbortController();
    for await (const one of client.watch({ signal: stop.signal, ...(after === undefined ? {} : { after }) })) {
      got.push(one);
      if (one.event === 'changed' && one.sii === `tel:+${tn}`) stop.abort();
    }
    return got;
  };
  const siisOf = (got: readonly Invalidation[]): string[] => got.map((one) => (one.event === 'changed' ? one.sii : 'reset'));

  test('9.2 tells A and B of a release within 2 s, and C of nothing', async () => {
    const [tn, own] = [number(1), number(2)];
    await register(tn);
    const [a, b, c] = ['a.example', 'b.example', 'biz.example'].map((domain) => served.ap(domain)) as [ApClient, ApClient, ApClient];
    await Promise.all([a.lookup(`tel:+${tn}`), b.lookup(`tel:+${tn}`), c.lookup(`tel:+${own}`, { view: 'all' })]);
    const times: number[] = [];
    const watching = [a, b].map((client) => until(client, tn).finally(() => times.push(performance.now())));
    const others = until(c, own);
    await release(tn);
    const released = performance.now();
    expect((await Promise.all(watching)).map(siisOf)).toEqual([[`tel:+${tn}`], [`tel:+${tn}`]]);
    for (const time of times) expect(time - released).toBeLessThan(2000);
    await register(own);
    expect(siisOf(await others)).toEqual([`tel:+${own}`]);
  });

  test('9.2 loses nothing for a subscriber that was killed, and keeps the order', async () => {
    const numbers = [3, 4, 5, 6].map(number);
    const client = served.ap('b.example');
    for (const tn of numbers) await client.lookup(`tel:+${tn}`);
    const place = served.tls('b.example');
    const files = Object.entries(place).flatMap(([name, text]) => {
      const file = join(served.directory, `b.${name}`);
      writeFileSync(file, text);
      return [`--${name}`, file];
    });
    const watch = (...more: string[]): Verb => new Verb('ap', 'watch', '--url', served.running.url, ...files, ...more);
    const first = watch();
    await register(numbers[0] as string);
    await register(numbers[1] as string);
    const line = JSON.parse(await first.says(`tel:+${numbers[0]}`)) as { id: string };
    first.child.kill('SIGKILL');
    await first.exit;
    await register(numbers[2] as string);
    const second = watch('--after', line.id);
    await register(numbers[3] as string);
    await second.says(`tel:+${numbers[3]}`);
    second.child.kill('SIGTERM');
    expect(await second.exit).toBe(0);
    expect(second.out.map((text) => (JSON.parse(text) as { sii: string }).sii)).toEqual(numbers.slice(1).map((tn) => `tel:+${tn}`));
  });

  test('9.2 ends its streams when it stops, and tells who comes back after a restart to drop all', async () => {
    const [before, tn] = [number(7), number(8)];
    await served.ap('b.example').lookup(`tel:+${before}`);
    const client = served.ap('b.example');
    const stream = client.watch();
    const asked = stream.next();
    await register(before);
    const { value } = await asked;
    const { id } = value as Invalidation;
    const stopping = performance.now();
    expect(await served.running.stop()).toBe(0);
    expect(performance.now() - stopping).toBeLessThan(10_000);
    served.disconnect();
    await served.start();
    const again = served.ap('b.example');
    await again.lookup(`tel:+${tn}`);
    const watching = until(again, tn, id);
    await register(tn);
    expect(siisOf(await watching).slice(-2)).toEqual(['reset', `tel:+${tn}`]);
  });
});
