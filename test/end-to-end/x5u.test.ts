import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { makeDevPki, type DevPki } from '../../src/adapters/desk/index.js';
import { isPublicAddress } from '../../src/adapters/x5u/index.js';
import { encodePem } from '../../src/encoding/index.js';
import type { IssuedCredential } from '../../src/issuance/index.js';
import { startGateway, type GatewayHandle } from '../../src/main.js';
import { ask, type Reply } from '../support/http-site.js';
import { ROOT } from '../support/passport-bench.js';
import { originTrust, resolvesTo, SOMEWHERE } from '../support/tls-origin.js';
import { PathOrigin, registrationByReference } from '../support/x5u-origin.js';

const TN = '12025550100';
const directory = mkdtempSync(join(tmpdir(), 'signpost-x5u-'));
const lines: string[] = [];
let pki: DevPki;
let origin: PathOrigin;
let gateway: GatewayHandle;
let credential: IssuedCredential;

beforeAll(async () => {
  pki = makeDevPki({ out: join(directory, 'pki'), now: () => Date.now(), random: randomBytes });
  credential = pki.hierarchy.delegate({ spc: '709J', provider: 'a.example', numbers: [{ start: TN, count: 1 }] });
  origin = await PathOrigin.open();
  gateway = await startGateway({
    dataDir: join(directory, 'data'),
    pkiDir: pki.directory,
    port: 0,
    log: pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) }),
    outside: {
      resolver: resolvesTo(SOMEWHERE),
      trust: [originTrust()],
      network: {
        isAllowed: (address) => address === '127.0.0.1' || isPublicAddress(address),
        connect: () => connect({ host: '127.0.0.1', port: origin.port }),
      },
    },
  });
});

afterAll(async () => {
  await gateway.stop();
  await origin.close();
  rmSync(directory, { recursive: true, force: true });
});

const clientOf = (domain: string) => ({
  cert: readFileSync(join(pki.directory, `clients/${domain}.pem`), 'utf8'),
  key: readFileSync(join(pki.directory, `clients/${domain}.key.pem`), 'utf8'),
});
const send = (question: Parameters<typeof ask>[2]): Promise<Reply> =>
  ask(gateway.port, encodePem('CERTIFICATE', pki.hierarchy.authority('tls-ca').certificate), question);
const submit = (passport: string): Promise<Reply> =>
  send({
    method: 'POST',
    path: '/v1/passports',
    headers: { 'Content-Type': 'application/passport' },
    body: passport,
    client: clientOf('a.example'),
  });
const said = (reply: Reply) => ({ status: reply.status, ...(JSON.parse(reply.body.toString()) as object) });
const passport = (url: string, tn = TN) => registrationByReference(url, tn, credential, Math.floor(Date.now() / 1000));

describe('x5u over HTTP', () => {
  test('registers what x5c would register, and not what it would not', async () => {
    const url = origin.publish('secret-name', credential.path);
    expect(said(await submit(passport(url)))).toMatchObject({ status: 201, mapping: { sii: `tel:+${TN}` } });
    expect(said(await submit(passport(url, '12025550101')))).toMatchObject({ status: 403, reason: 'tn-out-of-scope', logIndex: 1 });
  });

  test('answers 502 with Retry-After where the path is not to be had, and 422 with a leaf where it may not be', async () => {
    const missing = await submit(passport('https://cert.sti.example/missing'));
    expect(said(missing)).toMatchObject({ status: 502, reason: 'credential-unavailable', step: 'acquire-credential', detail: 'status' });
    expect(missing.headers['retry-after']).toBe('30');
    const elsewhere = origin.answer('elsewhere', (_, response) => response.writeHead(302, { Location: '/secret-name' }).end());
    expect(said(await submit(passport(elsewhere)))).toMatchObject({ status: 422, reason: 'x5u-redirect', logIndex: 2 });
    expect(said(await submit(passport('https://cert.example/path')))).toMatchObject({
      status: 422,
      reason: 'x5u-not-allowed',
      logIndex: 3,
    });
  });

  test('is counted by outcome, and no URL is in metrics or logs', async () => {
    const text = (await send({ path: '/metrics', client: clientOf('operator.example') })).body.toString();
    expect(text).toMatch(/^signpost_fetches_total\{kind="chain",outcome="fetched"\} 2$/m);
    expect(text).toMatch(/^signpost_fetches_total\{kind="chain",outcome="status"\} 1$/m);
    expect(text).toMatch(/^signpost_fetches_total\{kind="chain",outcome="redirect"\} 1$/m);
    expect(text).toMatch(/^signpost_fetches_total\{kind="chain",outcome="hit"\} \d+$/m);
    expect(lines.length).toBeGreaterThan(0);
    expect([text, ...lines].filter((line) => line.includes('secret-name') || line.includes('sti.example'))).toEqual([]);
  });
});

describe('the shipped composition', () => {
  test('reaches public addresses alone: no part of the program but its composition roots may say otherwise, and no verb does', () => {
    const sources = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => ({ file: relative(join(ROOT, 'src'), file), text: readFileSync(file, 'utf8') }));
    const making = sources.filter(({ text }) => text.includes('new GuardedFetcher(')).map(({ file }) => file);
    // The benchmark's gateway has no door: it opens none, and ends with its figures.
    const roots = ['composition/status.ts', 'composition/webhooks.ts', 'main.ts', 'provider.ts'];
    expect(making.sort()).toEqual(['cli/bench-slow-hosts.ts', ...roots]);
    const starting = sources.filter(({ file, text }) => !roots.includes(file) && /start(?:Gateway|Provider)\(/.test(text));
    expect(starting.map(({ file }) => file)).toEqual(expect.arrayContaining(['cli/np-serve.ts', 'cli/serve.ts']));
    expect(starting.filter(({ text }) => /\boutside\b/.test(text))).toEqual([]);
  });
});
