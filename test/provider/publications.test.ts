import { X509Certificate, createHash, randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { Desk, DeskFiles, ShownPublications, openWithRoot } from '../../src/adapters/desk/index.js';
import { newKeyPair } from '../../src/issuance/index.js';
import { startProvider, type ProviderHandle } from '../../src/provider.js';
import { parseCertificate, parseCrl } from '../../src/x509/index.js';
import { TlsPki } from '../support/http-site.js';

const DAY = 86_400_000;
const directory = mkdtempSync(join(tmpdir(), 'signpost-published-'));
const tls = new TlsPki();
const clock = { ahead: 0, now: () => Date.now() + clock.ahead, monotonic: () => performance.now() + clock.ahead };
const files = new DeskFiles(join(directory, 'desk'));
const sources = { now: () => clock.now(), random: (octets: number) => randomBytes(octets) };
const desk = (): Desk => new Desk(files, sources);
/** Turns of the server's timers, taken when a test says so. */
const turns: (() => Promise<void>)[] = [];

let provider: ProviderHandle;

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** As a verifier fetches: without a client certificate. */
const get = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> =>
  new Promise((resolve, reject) => {
    const options = { ca: tls.ca, agent: false as const, servername: 'localhost', headers, method };
    httpsRequest(`${provider.url}${path}`, options, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }));
    })
      .on('error', reject)
      .end();
  });

beforeAll(async () => {
  const tlsDir = join(directory, 'tls');
  mkdirSync(tlsDir);
  writeFileSync(join(tlsDir, 'server.pem'), tls.server.cert);
  writeFileSync(join(tlsDir, 'server.key.pem'), tls.server.key);
  writeFileSync(join(tlsDir, 'ca.pem'), tls.ca);
  const identity = { kind: 'np', spc: '709J', name: 'Example NP' } as const;
  await openWithRoot(files, { identity, numbers: [{ start: '12025550100', count: 100 }] }, sources);
  provider = await startProvider({
    deskDir: files.directory,
    tlsDir,
    port: 0,
    clock,
    timer: (_ms, task) => {
      turns.push(task);
      return () => Promise.resolve();
    },
    log: pino({ level: 'silent' }),
  });
});

afterAll(async () => {
  await provider.stop();
  rmSync(directory, { recursive: true, force: true });
});

describe('what a provider’s server publishes', () => {
  test('is CRLs in DER that openssl reads, to be kept for an hour', async () => {
    for (const name of ['ca', 'root']) {
      const { status, headers, body } = await get(`/crls/${name}.crl`);
      expect({ status, type: headers['content-type'], caching: headers['cache-control'] }).toEqual({
        status: 200,
        type: 'application/pkix-crl',
        caching: 'public, max-age=3600',
      });
      expect(headers.etag).toBe(`"${createHash('sha256').update(body).digest('base64url')}"`);
      expect(spawnSync('openssl', ['crl', '-inform', 'DER', '-noout', '-issuer'], { input: body }).status).toBe(0);
    }
  });

  test('is not sent again to who has it, and HEAD sends none', async () => {
    const { headers } = await get('/crls/ca.crl');
    const known = await get('/crls/ca.crl', { 'If-None-Match': `"other", W/${headers.etag ?? ''}` });
    expect({ status: known.status, size: known.body.length, tag: known.headers.etag }).toEqual({ status: 304, size: 0, tag: headers.etag });
    expect((await get('/crls/ca.crl', { 'If-None-Match': '"other"' })).status).toBe(200);
    const head = await get('/crls/ca.crl', {}, 'HEAD');
    expect({ status: head.status, size: head.body.length, length: head.headers['content-length'] }).toEqual({
      status: 200,
      size: 0,
      length: headers['content-length'],
    });
  });

  test('is the certificate of the desk, and the path of each of its own credentials under a URL of its own', async () => {
    const first = await desk().issueOwn(3600);
    const second = await desk().issueOwn(3600);
    clock.ahead += 1_000;
    for (const { path } of [first, second]) {
      const [endEntity = Buffer.alloc(0)] = path;
      const { status, headers, body } = await get(`/x5u/${Buffer.from(parseCertificate(endEntity).serial).toString('hex')}.pem`);
      expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'application/pem-certificate-chain' });
      expect(new X509Certificate(body).raw).toEqual(endEntity);
    }
    const { body } = await get('/certs/ca.pem');
    expect(new X509Certificate(body).raw).toEqual(first.path[1]);
  });

  test('is nothing else: no key, no ledger, no credential of an AP', async () => {
    const subject = { own: newKeyPair() };
    const [delegated = Buffer.alloc(0)] = await desk().delegate({ to: 'a.example', lifetime: 3600, subject }, [
      { start: '12025550100', count: 1 },
    ]);
    clock.ahead += 1_000;
    const serial = Buffer.from(parseCertificate(delegated).serial).toString('hex');
    for (const path of [`/x5u/${serial}.pem`, '/certs/ca.key.pem', '/crls/ca.pem', '/crls/..%2fledger.jsonl', '/certs/own.pem'])
      expect((await get(path)).status).toBe(404);
  });

  test('shows what a command revoked within a second, and renews lists at half of their life', async () => {
    const [certificate = Buffer.alloc(0)] = (await desk().issueOwn(3600)).path;
    const serial = Buffer.from(parseCertificate(certificate).serial).toString('hex');
    const list = async () => parseCrl((await get('/crls/ca.crl')).body);
    const before = await list();
    await desk().revoke({ serial, reason: 'superseded' });
    clock.ahead += 1_000;
    const after = await list();
    expect(Number(after.number)).toBe(Number(before.number) + 1);
    for (const turn of turns) await turn();
    clock.ahead += 1_000;
    expect(Number((await list()).number)).toBe(Number(after.number));
    clock.ahead += 16 * DAY;
    for (const turn of turns) await turn();
    clock.ahead += 1_000;
    expect(Number((await list()).number)).toBe(Number(after.number) + 1);
  });
});

describe('what is shown', () => {
  test('is read once a second, and a failure is not kept', async () => {
    let reads = 0;
    let now = 0;
    const broken = new Error('the disk is gone');
    const shown = new ShownPublications(
      { publications: () => ((reads += 1) === 1 ? Promise.reject(broken) : Promise.resolve([])) },
      () => now,
    );
    await expect(shown.all()).rejects.toBe(broken);
    await Promise.all(Array.from({ length: 100 }, () => shown.all()));
    now = 999;
    expect(await shown.all()).toEqual([]);
    expect(reads).toBe(2);
    now = 1000;
    await shown.all();
    expect(reads).toBe(3);
  });
});
