import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { ConfigurationProblems } from '../../src/adapters/configuration/index.js';
import { DeskFiles, openWithRequest, openWithRoot } from '../../src/adapters/desk/index.js';
import { startProvider, type ProviderHandle, type ProviderOptions } from '../../src/provider.js';
import { TlsPki, type Client } from '../support/http-site.js';
import { Verb } from '../support/verb.js';

const YEAR = 365 * 86_400_000;
const directory = mkdtempSync(join(tmpdir(), 'signpost-provider-'));
const tls = new TlsPki();
const tlsDir = join(directory, 'tls');
const deskDir = join(directory, 'desk');
const sources = { now: () => Date.now(), random: (octets: number) => randomBytes(octets) };
const opening = { identity: { kind: 'np', spc: '709J', name: 'Example NP' }, numbers: [{ start: '12025550100', count: 100 }] } as const;
const clock = { ahead: 0, now: () => Date.now() + clock.ahead, monotonic: () => performance.now() };
const options = (changes: Partial<ProviderOptions> = {}): ProviderOptions => ({
  deskDir,
  tlsDir,
  port: 0,
  clock,
  log: pino({ level: 'silent' }),
  ...changes,
});

interface Told {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

const get = (url: string, path: string, client?: Client): Promise<Told> =>
  new Promise((resolve, reject) => {
    httpsRequest(`${url}${path}`, { ca: tls.ca, ...client, agent: false, servername: 'localhost' }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        const body = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : { text };
        resolve({ status: response.statusCode ?? 0, body });
      });
    })
      .on('error', reject)
      .end();
  });

const problemsOf = async (starting: Promise<ProviderHandle>): Promise<readonly string[]> => {
  try {
    await (await starting).stop();
    return [];
  } catch (error) {
    if (error instanceof ConfigurationProblems) return error.problems;
    throw error;
  }
};

beforeAll(async () => {
  mkdirSync(tlsDir);
  writeFileSync(join(tlsDir, 'server.pem'), tls.server.cert);
  writeFileSync(join(tlsDir, 'server.key.pem'), tls.server.key);
  writeFileSync(join(tlsDir, 'ca.pem'), tls.ca);
  await openWithRoot(new DeskFiles(deskDir), opening, sources);
  writeFileSync(join(deskDir, 'principals.yaml'), 'principals:\n  - { kind: operator, domain: operator.example }\n');
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('a provider’s server', () => {
  test('is ready while its certificate lasts, and tells operators alone why it is not', async () => {
    const provider = await startProvider(options());
    try {
      expect((await get(provider.url, '/healthz')).status).toBe(200);
      expect(await get(provider.url, '/readyz')).toEqual({ status: 200, body: { ready: true } });
      clock.ahead = 6 * YEAR;
      const asked = await get(provider.url, '/readyz');
      expect({ status: asked.status, reason: asked.body['reason'], problems: asked.body['problems'] }).toEqual({
        status: 503,
        reason: 'not-ready',
        problems: undefined,
      });
    } finally {
      clock.ahead = 0;
      await provider.stop();
    }
  });

  test('knows its operator by principals.yaml, and shows the metrics to nobody else', async () => {
    const provider = await startProvider(options({ anyAp: true }));
    try {
      const operator = tls.client([{ dns: 'operator.example' }]);
      expect((await get(provider.url, '/metrics', operator)).status).toBe(200);
      expect((await get(provider.url, '/readyz', operator)).body).toEqual({ ready: true, problems: [] });
      expect((await get(provider.url, '/metrics', tls.client([{ dns: 'a.example' }]))).body['reason']).toBe('client-not-allowed');
      expect((await get(provider.url, '/metrics')).body['reason']).toBe('client-unknown');
    } finally {
      await provider.stop();
    }
  });

  test('does not know an AP that only a certificate names, unless it is told to', async () => {
    const provider = await startProvider(options());
    try {
      expect((await get(provider.url, '/metrics', tls.client([{ dns: 'a.example' }]))).body['reason']).toBe('client-unknown');
    } finally {
      await provider.stop();
    }
  });

  test('does not start without a desk, without the answer of the CA above, or with half a configuration, and says all that is wrong', async () => {
    expect(await problemsOf(startProvider(options()))).toEqual([]);
    const nowhere = join(directory, 'nowhere');
    const problems = await problemsOf(startProvider(options({ deskDir: nowhere, tlsDir: nowhere })));
    expect(problems.filter((problem) => problem.startsWith(nowhere)).length).toBe(problems.length);
    expect(problems).toHaveLength(4);
    const waiting = join(directory, 'waiting');
    openWithRequest(new DeskFiles(waiting), opening);
    writeFileSync(join(waiting, 'principals.yaml'), 'principals: 7\n');
    expect(await problemsOf(startProvider(options({ deskDir: waiting })))).toHaveLength(2);
  });

  test('tells a missing or wrong passphrase as that one problem', async () => {
    const closed = join(directory, 'closed');
    await openWithRoot(new DeskFiles(closed, 'correct horse'), opening, sources);
    const started = (passphrase?: string) => problemsOf(startProvider(options({ deskDir: closed, passphrase })));
    for (const passphrase of [undefined, 'wrong horse']) {
      const problems = await started(passphrase);
      expect(problems).toHaveLength(1);
      expect(problems[0]?.startsWith(join(closed, 'ca.key.pem'))).toBe(true);
    }
    expect(await started('correct horse')).toEqual([]);
  });

  test('tells of a desk that is served already, a port that is taken and a folder that it cannot have as problems, and frees the desk', async () => {
    const first = await startProvider(options());
    const other = join(directory, 'other');
    await openWithRoot(new DeskFiles(other), opening, sources);
    try {
      expect(await problemsOf(startProvider(options()))).toHaveLength(1);
      expect(await problemsOf(startProvider(options({ deskDir: other, port: first.port })))).toHaveLength(1);
    } finally {
      await first.stop();
    }
    expect(await problemsOf(startProvider(options({ deskDir: other })))).toEqual([]);
    rmSync(join(other, 'acme'), { recursive: true });
    writeFileSync(join(other, 'acme'), '');
    expect(await problemsOf(startProvider(options({ deskDir: other })))).toHaveLength(1);
  });
});

describe('np serve', () => {
  const serve = (...more: string[]): Verb =>
    new Verb('np', 'serve', '--dir', deskDir, '--tls', tlsDir, '--port', '0', '--print-ready', ...more);

  test('prints one line when it is ready, JSON alone besides, and exits 0 on SIGTERM', async () => {
    const verb = serve();
    const { url } = JSON.parse(await verb.says('{"ready":true')) as { url: string };
    expect(await get(url, '/readyz')).toEqual({ status: 200, body: { ready: true } });
    verb.child.kill('SIGTERM');
    expect(await verb.exit).toBe(0);
    expect(verb.out).toHaveLength(1);
    expect(verb.err.map((line) => typeof JSON.parse(line))).toEqual(verb.err.map(() => 'object'));
  });

  test('exits 2 for a desk of the other kind', async () => {
    const verb = new Verb('ep', 'serve', '--dir', deskDir, '--tls', tlsDir, '--port', '0');
    expect(await verb.exit).toBe(2);
    expect(verb.err.map((line) => typeof JSON.parse(line))).toEqual(['object']);
  });
});
