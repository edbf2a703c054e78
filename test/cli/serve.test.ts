import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { makeDevPki } from '../../src/adapters/desk/index.js';
import { openSocket } from '../support/http-site.js';
import { Verb } from '../support/verb.js';

const directory = mkdtempSync(join(tmpdir(), 'signpost-serve-'));
const pki = join(directory, 'pki');
makeDevPki({ out: pki, now: () => Date.now(), random: randomBytes });
const ca = readFileSync(join(pki, 'tls/ca.pem'), 'utf8');
const client = {
  cert: readFileSync(join(pki, 'clients/a.example.pem'), 'utf8'),
  key: readFileSync(join(pki, 'clients/a.example.key.pem'), 'utf8'),
};

afterAll(() => rmSync(directory, { recursive: true, force: true }));

const serve = (...more: string[]): Verb =>
  new Verb('serve', '--data', join(directory, 'data'), '--pki', pki, '--port', '0', '--print-ready', ...more);
const READY = '{"ready":true';
const urlOf = (line: string): string => (JSON.parse(line) as { url: string }).url;
const isObject = (line: string): boolean => {
  const value: unknown = JSON.parse(line);
  return typeof value === 'object' && value !== null && !Array.isArray(value);
};

describe('serve', () => {
  test('prints one line when it is ready, JSON alone besides, reloads on SIGHUP, and exits 0 on SIGTERM', async () => {
    const verb = serve();
    const line = await verb.says(READY);
    expect(JSON.parse(line)).toEqual({
      ready: true,
      url: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/),
      logVkey: expect.stringMatching(/^dp\.example\/log\+[0-9a-f]{8}\+/),
      receiptVkey: expect.stringMatching(/^dp\.example\/log\/receipt\+[0-9a-f]{8}\+/),
      witnessVkeys: [],
    });
    const health = new Verb('health', urlOf(line), '--ca', join(pki, 'tls/ca.pem'), '--json');
    expect([await health.exit, JSON.parse(health.out.join(''))]).toEqual([0, { ready: true, reason: null, problems: [] }]);
    verb.child.kill('SIGHUP');
    await verb.says('"reloaded"');
    const since = performance.now();
    verb.child.kill('SIGTERM');
    expect(await verb.exit).toBe(0);
    expect(performance.now() - since).toBeLessThan(10_000);
    expect(verb.out).toHaveLength(1);
    expect(verb.err.every(isObject)).toBe(true);
    const gone = new Verb('health', urlOf(line), '--ca', join(pki, 'tls/ca.pem'));
    expect(await gone.exit).toBe(2);
  });

  test('exits 1 on a second signal while something is in flight, and starts again on the same data', async () => {
    const verb = serve();
    const { port } = new URL(urlOf(await verb.says(READY)));
    const socket = await openSocket(Number(port), ca, client);
    socket.on('error', () => undefined);
    // A body that never ends, of a request that is being read: seen by its 100-continue.
    socket.write(
      'POST /v1/lookups HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 26\r\nExpect: 100-continue\r\n\r\n',
    );
    await once(socket, 'data');
    verb.child.kill('SIGTERM');
    await verb.says('"draining"');
    verb.child.kill('SIGTERM');
    expect(await verb.exit).toBe(1);
    socket.destroy();
    const again = serve();
    await again.says(READY);
    again.child.kill('SIGINT');
    expect(await again.exit).toBe(0);
  });

  test('with broken policies names every problem in JSON lines and exits 2', async () => {
    makeDevPki({ out: join(directory, 'broken'), now: () => Date.now(), random: randomBytes });
    const broken = join(directory, 'broken/policies');
    writeFileSync(join(broken, 'gateway.yaml'), 'audience: dp.example\norigin: dp.example/log\nsurprise: 1\n');
    writeFileSync(join(broken, 'principals.yaml'), 'principals: [{ domain: A.example, kind: ap }]\n');
    rmSync(join(broken, 'numbering.csv'));
    const verb = new Verb('serve', '--data', join(directory, 'never'), '--pki', join(directory, 'broken'), '--port', '0', '--print-ready');
    expect(await verb.exit).toBe(2);
    writeFileSync(join(broken, 'numbering.csv'), 'spc,start,count,validFrom\n709J,12025550100,1,\n');
    const second = new Verb(
      'serve',
      '--data',
      join(directory, 'never'),
      '--pki',
      join(directory, 'broken'),
      '--port',
      '0',
      '--print-ready',
    );
    expect(await second.exit).toBe(2);
    expect([...verb.out, ...second.out]).toEqual([]);
    expect([...verb.err, ...second.err].every(isObject)).toBe(true);
    expect(verb.err.join('\n')).toContain('numbering.csv');
    for (const file of ['gateway.yaml', 'principals.yaml']) expect(second.err.filter((line) => line.includes(file))).not.toEqual([]);
  });

  test('at a first run makes a development PKI, and prints three commands that work', async () => {
    const place = join(directory, 'first');
    const verb = new Verb('serve', '--first-run', '--port', '0', '--data', place, '--pki', join(place, 'pki'));
    await verb.says('Ctrl-C');
    const commands = verb.out.filter((line) => line.startsWith('  node dist/src/cli/main.js '));
    expect(commands).toHaveLength(3);
    for (const text of commands.slice(0, 2)) {
      const tried = new Verb(...text.trim().split(' ').slice(2));
      expect([text, await tried.exit]).toEqual([text, 0]);
    }
    verb.child.kill('SIGTERM');
    expect(await verb.exit).toBe(0);
  });

  test('at a first run with --print-ready says the same in JSON, and no plain text', async () => {
    const place = join(directory, 'first-json');
    const start = (): Verb =>
      new Verb('serve', '--first-run', '--port', '0', '--data', place, '--pki', join(place, 'pki'), '--print-ready');
    for (const madePki of [join(place, 'pki'), null]) {
      const verb = start();
      await verb.says('"next"');
      verb.child.kill('SIGTERM');
      expect(await verb.exit).toBe(0);
      expect([...verb.out, ...verb.err].every(isObject)).toBe(true);
      expect(verb.out.map((line) => JSON.parse(line) as object)).toEqual([
        expect.objectContaining({ ready: true }),
        {
          madePki,
          next: [expect.stringContaining(' ap register '), expect.stringContaining(' ap lookup '), expect.stringContaining(' audit fsck ')],
        },
      ]);
    }
  });

  test.each([[['--port', '70000']], [['--log-level', 'loud']], [['--surprise']]])('%s is not understood: exit 2', async (args) => {
    expect(await new Verb('serve', ...args).exit).toBe(2);
  });
});
