import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { ConfigurationProblems } from '../src/adapters/configuration/index.js';
import { makeDevPki } from '../src/adapters/desk/index.js';
import { encodePem } from '../src/encoding/index.js';
import { signStatement } from '../src/issuance/index.js';
import { startGateway, type GatewayHandle } from '../src/main.js';
import { ask, type Client, type Reply } from './support/http-site.js';

const directory = mkdtempSync(join(tmpdir(), 'signpost-main-'));
const made = makeDevPki({ out: join(directory, 'pki'), now: () => Date.now(), random: randomBytes });
const ca = encodePem('CERTIFICATE', made.hierarchy.authority('tls-ca').certificate);
const running: GatewayHandle[] = [];
let count = 0;

afterEach(async () => {
  for (const handle of running.splice(0)) await handle.stop();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A PKI directory of a test's own, to spoil. */
const copyOfPki = (): string => {
  count += 1;
  const copy = join(directory, `pki-${count}`);
  cpSync(made.directory, copy, { recursive: true });
  return copy;
};

const edit = (file: string, change: (text: string) => string): void => writeFileSync(file, change(readFileSync(file, 'utf8')));

const start = async (pkiDir: string, dataDir = join(directory, `data-${(count += 1)}`), lines: string[] = []): Promise<GatewayHandle> => {
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
  const handle = await startGateway({ dataDir, pkiDir, port: 0, log });
  running.push(handle);
  return handle;
};

const problemsOf = async (pkiDir: string, dataDir?: string): Promise<readonly string[]> => {
  try {
    await start(pkiDir, dataDir);
  } catch (error) {
    if (error instanceof ConfigurationProblems) return error.problems;
    throw error;
  }
  return [];
};

const clientOf = (domain: string): Client => ({
  cert: readFileSync(join(made.directory, `clients/${domain}.pem`), 'utf8'),
  key: readFileSync(join(made.directory, `clients/${domain}.key.pem`), 'utf8'),
});

const NUMBER = { start: '12025550100', count: 1 };
const delegate = made.hierarchy.delegate({ spc: '709J', provider: 'a.example', numbers: [NUMBER] });
const passportFor = (tn: string): string =>
  signStatement(
    {
      action: 'register',
      audience: 'dp.example',
      sii: `tel:+${tn}`,
      ssi: 'mimi://a.example/u/alice',
      provider: 'a.example',
      consent: 'app',
      purpose: 'consumer',
      lifetime: 300,
    },
    delegate,
    Math.floor(Date.now() / 1000),
    randomBytes,
  );
const register = (handle: GatewayHandle, tn = NUMBER.start): Promise<Reply> =>
  ask(handle.port, ca, {
    method: 'POST',
    path: '/v1/passports',
    headers: { 'Content-Type': 'application/passport' },
    body: passportFor(tn),
    client: clientOf('a.example'),
  });
const lookup = (handle: GatewayHandle, domain = 'a.example'): Promise<Reply> =>
  ask(handle.port, ca, {
    method: 'POST',
    path: '/v1/lookups',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ sii: `tel:+${NUMBER.start}` }),
    client: clientOf(domain),
  });
const json = (reply: Reply): unknown => JSON.parse(reply.body.toString());

describe('a start', () => {
  test('on a good configuration serves, and a second start on the same data finds what the first accepted', async () => {
    const data = join(directory, 'data-kept');
    const first = await start(made.directory, data);
    expect((await register(first)).status).toBe(201);
    await running.pop()?.stop();
    const second = await start(made.directory, data);
    expect([second.logVkey, second.receiptVkey]).toEqual([first.logVkey, first.receiptVkey]);
    expect(json(await lookup(second))).toMatchObject({ mappings: [{ ssi: 'mimi://a.example/u/alice', default: true, logIndex: 0 }] });
    expect((await ask(second.port, ca, { path: '/log/checkpoint' })).body.toString()).toMatch(/^dp\.example\/log\n1\n/);
  });

  test('without any CRL is not ready, and accepts nothing', async () => {
    const pki = copyOfPki();
    for (const name of readdirSync(join(pki, 'crls'))) rmSync(join(pki, 'crls', name));
    const handle = await start(pki);
    expect((await ask(handle.port, ca, { path: '/readyz' })).status).toBe(503);
    expect(json(await register(handle))).toMatchObject({ reason: 'no-status-source' });
    const good = await start(made.directory);
    expect((await ask(good.port, ca, { path: '/readyz' })).status).toBe(200);
  });

  test('names every problem at once, each with its file', async () => {
    const pki = copyOfPki();
    edit(join(pki, 'policies/gateway.yaml'), (text) => `${text}unknown: 1\n`);
    edit(join(pki, 'policies/numbering.csv'), (text) => `${text}709J,abc,1,\n`);
    edit(join(pki, 'policies/authorization.cedar'), (text) => `${text}\npermit(`);
    rmSync(join(pki, 'tls/server.key.pem'));
    rmSync(join(pki, 'anchors/shaken'), { recursive: true });
    const parts = [
      'policies/gateway.yaml',
      'policies/numbering.csv',
      'policies/authorization.cedar',
      'tls/server.key.pem',
      'anchors/shaken',
    ];
    const missedOf = (problems: readonly string[]) =>
      parts.filter((file) => !problems.some((problem) => problem.startsWith(join(pki, file))));
    expect(missedOf(await problemsOf(pki))).toEqual([]);
    rmSync(join(pki, 'policies/principals.yaml'));
    const problems = await problemsOf(pki);
    expect(missedOf(problems)).toEqual([]);
    expect(problems.some((problem) => problem.startsWith(join(pki, 'policies/principals.yaml')))).toBe(true);
  });

  test.each<readonly [string, (pki: string) => void, RegExp]>([
    ['no policy file', (pki) => rmSync(join(pki, 'policies/trust.yaml')), /trust\.yaml.*cannot be read \(ENOENT\)/],
    ['no anchors', (pki) => edit(join(pki, 'policies/trust.yaml'), () => 'anchors: []\n'), /trust\.yaml names no anchor/],
    ['anchors that are not there', (pki) => rmSync(join(pki, 'anchors/shaken'), { recursive: true }), /anchors\/shaken.*cannot be read/],
    [
      'an anchor that is no certificate',
      (pki) => edit(join(pki, 'anchors/email/root.pem'), (text) => text.replace('MI', 'MA')),
      /anchors\/email\/root\.pem.*not usable/,
    ],
    [
      'a key among the anchors',
      (pki) => cpSync(join(pki, 'tls/server.key.pem'), join(pki, 'anchors/email/root.pem')),
      /anchors\/email\/root\.pem: holds something else/,
    ],
    ['no CRL where one is named', (pki) => rmSync(join(pki, 'crls'), { recursive: true }), /crls.*a CRL cannot be read/],
    [
      'no numbering data',
      (pki) => edit(join(pki, 'policies/numbering.csv'), () => 'spc,start,count,validFrom\n'),
      /numbering\.csv has no row/,
    ],
    ['no principals', (pki) => edit(join(pki, 'policies/principals.yaml'), () => 'principals: []\n'), /principals\.yaml: names nobody/],
    [
      "another key than the server's",
      (pki) => cpSync(join(pki, 'clients/a.example.key.pem'), join(pki, 'tls/server.key.pem')),
      /is not the key of server\.pem/,
    ],
  ])('with %s is refused, and says so', async (_name, spoil, expected) => {
    const pki = copyOfPki();
    spoil(pki);
    expect((await problemsOf(pki)).join('\n')).toMatch(expected);
  });

  test('on data that another gateway holds is refused', async () => {
    const data = join(directory, 'data-held');
    await start(made.directory, data);
    expect((await problemsOf(made.directory, data)).join('\n')).toMatch(/lock is held by/);
  });

  test('on a taken port is refused, and leaves the data free', async () => {
    const first = await start(made.directory);
    const data = join(directory, 'data-port');
    const log = pino({ level: 'silent' });
    const taken = startGateway({ dataDir: data, pkiDir: made.directory, port: first.port, log });
    await expect(taken).rejects.toBeInstanceOf(ConfigurationProblems);
    await start(made.directory, data);
  });
});

describe('a reload', () => {
  test('swaps policies, trust and principals together', async () => {
    const pki = copyOfPki();
    const handle = await start(pki);
    const before = handle.gateway.versions();
    expect((await lookup(handle)).status).toBe(200);
    edit(join(pki, 'policies/principals.yaml'), (text) => text.replace('domain: a.example', 'domain: gone.example'));
    edit(join(pki, 'policies/gateway.yaml'), (text) => text.replace('minimum: app', 'minimum: otp'));
    edit(join(pki, 'policies/trust.yaml'), (text) => text.replace('speaksFor: any', 'speaksFor: [mail.example]'));
    expect(await handle.configuration.reload()).toEqual({ ok: true });
    const after = handle.gateway.versions();
    expect([after.policy === before.policy, after.trust === before.trust, after.numbering === before.numbering]).toEqual([
      false,
      false,
      true,
    ]);
    expect([(await lookup(handle)).status, (await lookup(handle, 'b.example')).status]).toEqual([401, 200]);
  });

  test('by an operator over HTTP says what is in force, or everything that is wrong', async () => {
    const pki = copyOfPki();
    const handle = await start(pki);
    const reload = (domain: string) => ask(handle.port, ca, { method: 'POST', path: '/v1/admin/reload', client: clientOf(domain) });
    edit(join(pki, 'policies/trust.yaml'), (text) => text.replace('speaksFor: any', 'speaksFor: [mail.example]'));
    expect((await reload('a.example')).status).toBe(403);
    const before = handle.gateway.versions();
    const done = await reload('operator.example');
    expect([done.status, json(done)]).toEqual([200, { versions: handle.gateway.versions() }]);
    expect(handle.gateway.versions().trust).not.toBe(before.trust);
    rmSync(join(pki, 'tls/ca.pem'));
    edit(join(pki, 'policies/gateway.yaml'), (text) => `${text}unknown: 1\n`);
    const refused = await reload('operator.example');
    expect([refused.status, json(refused)]).toMatchObject([409, { reason: 'configuration-refused', versions: handle.gateway.versions() }]);
    const { problems } = json(refused) as { problems: string[] };
    expect(problems.filter((problem) => /tls\/ca\.pem|gateway\.yaml/.test(problem))).toHaveLength(2);
    const told = json(await ask(handle.port, ca, { path: '/readyz', client: clientOf('operator.example') }));
    expect(told).toMatchObject({ ready: true, remarks: problems.map((problem) => `not in force: ${problem}`) });
  });

  test('of a broken or another gateway’s configuration changes nothing and says why', async () => {
    const pki = copyOfPki();
    const handle = await start(pki);
    const before = handle.gateway.versions();
    edit(join(pki, 'policies/principals.yaml'), (text) => text.replace('domain: a.example', 'domain: gone.example'));
    edit(join(pki, 'policies/gateway.yaml'), (text) => text.replace('minimum: app', 'minimum: perhaps'));
    expect(await handle.configuration.reload()).toMatchObject({ ok: false, problems: [expect.stringContaining('gateway.yaml')] });
    edit(join(pki, 'policies/gateway.yaml'), (text) =>
      text.replace('minimum: perhaps', 'minimum: app').replace('origin: dp.example/log', 'origin: other.example/log'),
    );
    expect(await handle.configuration.reload()).toMatchObject({ ok: false, problems: [expect.stringContaining('origin')] });
    expect(handle.gateway.versions()).toEqual(before);
    expect((await register(handle)).status).toBe(201);
  });
});

describe('what is personal', () => {
  test('is in no line of the log and in no metric, whatever happens to it', async () => {
    const lines: string[] = [];
    const handle = await start(made.directory, undefined, lines);
    await register(handle);
    await register(handle, '12025550199');
    await lookup(handle);
    const page = (await ask(handle.port, ca, { path: '/metrics', client: clientOf('operator.example') })).body.toString();
    expect(page).toContain('signpost_refusals_total{step="');
    expect(page).toContain('signpost_submissions_total{outcome="accepted",action="register"} 1');
    expect(lines.length).toBeGreaterThan(3);
    for (const text of [page, lines.join('')]) expect(text).not.toMatch(/202555|alice|mimi:|eyJ/);
  });
});
