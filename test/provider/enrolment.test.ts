import { X509Certificate, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { pino } from 'pino';
import { BindingKeyFile } from '../../src/adapters/acme/index.js';
import { ConfigurationProblems } from '../../src/adapters/configuration/index.js';
import { AcmeDesk, Desk, DeskFiles, openWithRoot } from '../../src/adapters/desk/index.js';
import { run as runNp } from '../../src/cli/np.js';
import { decodePem } from '../../src/encoding/index.js';
import { issueEndEntity, newKeyPair, subjectName } from '../../src/issuance/index.js';
import { startProvider, type ProviderHandle } from '../../src/provider.js';
import { verifyPath } from '../../src/verification/index.js';
import {
  AcmeCaller,
  Key,
  bodyOf,
  joseToken,
  opensslCsr,
  reasonIn,
  tnExtension,
  tnListDer,
  tnValue,
  type Got,
  type Json,
  type Sent,
} from '../support/acme-client.js';
import { TlsPki } from '../support/http-site.js';
import { reasonOfPromise } from '../support/reasons.js';

const DAY = 86_400;
const directory = mkdtempSync(join(tmpdir(), 'signpost-acme-'));
const tls = new TlsPki();
const tlsDir = join(directory, 'tls');
const agent = new Agent({ keepAlive: true });
const clock = { ahead: 0, now: () => Date.now() + clock.ahead * 1000, monotonic: () => performance.now() };
const sources = { now: () => clock.now(), random: (octets: number) => randomBytes(octets) };
const RANGE = ['12025550100', 50] as const;
const GRANTED = { start: RANGE[0], count: RANGE[1] };
const LIST = tnListDer(RANGE);
const VALUE = tnValue(RANGE);
let count = 0;
let deskDir: string;
let provider: ProviderHandle;
const tasks: Array<() => Promise<void>> = [];
/** All that the provider's timers begin. */
const turn = async (): Promise<void> => {
  for (const task of tasks) await task();
};

const start = async (): Promise<ProviderHandle> =>
  await startProvider({
    deskDir,
    tlsDir,
    port: 0,
    host: 'localhost',
    clock,
    timer: (_, task) => {
      tasks.push(task);
      return () => Promise.resolve();
    },
    log: pino({ level: 'silent' }),
  });

const desk = (): Desk => new Desk(new DeskFiles(deskDir), sources);

beforeAll(() => {
  mkdirSync(tlsDir);
  writeFileSync(join(tlsDir, 'server.pem'), tls.server.cert);
  writeFileSync(join(tlsDir, 'server.key.pem'), tls.server.key);
  writeFileSync(join(tlsDir, 'ca.pem'), tls.ca);
  jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});

beforeEach(async () => {
  clock.ahead = 0;
  deskDir = join(directory, `desk-${(count += 1)}`);
  const opening = { identity: { kind: 'np', spc: '709J', name: 'Example NP' }, numbers: [{ start: '12025550100', count: 100 }] } as const;
  await openWithRoot(new DeskFiles(deskDir), opening, sources);
  await desk().issueOwn(365 * DAY);
  await desk().publish();
  await desk().grant({ to: 'a.example', numbers: [GRANTED], ca: false });
  provider = await start();
});

afterEach(async () => {
  tasks.length = 0;
  await provider.stop();
});

afterAll(() => {
  agent.destroy();
  rmSync(directory, { recursive: true, force: true });
  jest.restoreAllMocks();
});

const send = ({ method, url, type, body = '' }: Sent): Promise<Got> =>
  new Promise((resolve, reject) => {
    const headers = method === 'POST' ? { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) } : {};
    const asked = httpsRequest(url, { method, headers, ca: tls.ca, agent }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const told = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const);
        resolve({ status: response.statusCode ?? 0, headers: new Map(told), text: Buffer.concat(parts).toString('utf8') });
      });
    });
    asked.on('error', reject);
    asked.end(body);
  });

const enrolled = async (domain = 'a.example'): Promise<AcmeCaller> => {
  const out = join(directory, `${domain}-${randomBytes(4).toString('hex')}.eab`);
  expect(await runNp(['enrol-key', '--dir', deskDir, '--for', domain, '--out', out])).toBe(0);
  const caller = await new AcmeCaller(send, provider.url, await Key.make()).start();
  expect((await caller.enrol(JSON.parse(readFileSync(out, 'utf8')) as { kid: string; key: string })).status).toBe(201);
  return caller;
};

/** The token that the provider itself gives, to who signs as the account. */
const tokenFor = async (caller: AcmeCaller, challenge: Json, value: string): Promise<Got> =>
  await caller.post(String(challenge['token-authority']), {
    atc: { tktype: 'TNAuthList', tkvalue: value, ca: false, fingerprint: caller.key.fingerprint },
  });

const order = async (caller: AcmeCaller, more: Json = {}, value = VALUE): Promise<Got> =>
  await caller.post(caller.url('newOrder'), { identifiers: [{ type: 'TNAuthList', value }], ...more });

const ready = async (caller: AcmeCaller, more: Json = {}): Promise<Json> => {
  const made = bodyOf(await order(caller, more));
  const authorization = await caller.read((made['authorizations'] as string[])[0] ?? '');
  const [challenge = {}] = authorization['challenges'] as Json[];
  const { token } = bodyOf(await tokenFor(caller, challenge, VALUE));
  expect(bodyOf(await caller.post(String(challenge['url']), { tkauth: token }))['status']).toBe('valid');
  return made;
};

const finalized = async (caller: AcmeCaller, made: Json, key?: Key): Promise<Got> => {
  const csr = await opensslCsr({ ...(key === undefined ? {} : { key }), extensions: [tnExtension(LIST)] });
  return await caller.post(String(made['finalize']), { csr: csr.toString('base64url') });
};

const ders = (pem: string): Buffer[] => decodePem(pem).map(({ der }) => der);
const file = (name: string): Buffer[] => ders(readFileSync(join(deskDir, name), 'utf8'));

const judged = (pem: string): string | null =>
  verifyPath({
    id: 'x',
    anchors: file('root.pem'),
    path: ders(pem),
    crls: [...file('crls/ca.pem'), ...file('crls/root.pem')],
    at: new Date(clock.now()).toISOString(),
    profile: 'delegate',
    revocation: 'required',
  }).reason;

describe('a desk that serves ACME', () => {
  test('takes a client of another make from the printed key to a credential that verifiers accept, and revokes it', async () => {
    const caller = await enrolled();
    const done = bodyOf(await finalized(caller, await ready(caller)));
    const { text } = await caller.post(String(done['certificate']), '');
    expect(judged(text)).toBeNull();
    const live = await desk().list({ to: 'a.example' });
    expect(live.map(({ serial }) => serial)).toEqual([new X509Certificate(text).serialNumber.toLowerCase()]);
    const certificate = new X509Certificate(text).raw.toString('base64url');
    expect((await caller.post(caller.url('revokeCert'), { certificate, reason: 1 })).status).toBe(200);
    expect(judged(text)).toBe('cert-revoked');
  });

  test('has a command beside it at the same desk, and asks what it granted at every step', async () => {
    const caller = await enrolled();
    const made = await ready(caller);
    expect(await runNp(['ungrant', '--dir', deskDir, '--to', 'a.example'])).toBe(0);
    expect(reasonIn(await finalized(caller, made))).toBe('not-granted');
    expect(reasonIn(await order(caller))).toBe('not-granted');
    expect(await runNp(['grant', '--dir', deskDir, '--to', 'a.example', '--range', `${RANGE[0]}+${RANGE[1]}`])).toBe(0);
    expect((await finalized(caller, made)).status).toBe(200);
  });

  test('gives nothing that a command could not give: a number on hold', async () => {
    const caller = await enrolled();
    const made = await ready(caller);
    await desk().hold([{ start: '12025550110', count: 1 }]);
    expect(reasonIn(await finalized(caller, made))).toBe('number-on-hold');
    await desk().letGo([{ start: '12025550110', count: 1 }]);
    expect((await finalized(caller, made)).status).toBe(200);
  });

  test('begins and ends when the order says, and never before it is issued', async () => {
    const caller = await enrolled();
    const now = Math.floor(clock.now() / 1000);
    const times = { notBefore: new Date((now + 60) * 1000).toISOString(), notAfter: new Date((now + 3600) * 1000).toISOString() };
    const certificateOf = async (made: Json): Promise<X509Certificate> => {
      const done = bodyOf(await finalized(caller, made));
      return new X509Certificate((await caller.post(String(done['certificate']), '')).text);
    };
    const early = await certificateOf(await ready(caller, times));
    expect([Date.parse(early.validFrom), Date.parse(early.validTo)]).toEqual([(now + 60) * 1000, (now + 3600) * 1000]);
    const waiting = await ready(caller, times);
    clock.ahead += 120;
    const late = await certificateOf(waiting);
    expect(Date.parse(late.validFrom)).toBeGreaterThanOrEqual((now + 120) * 1000);
    expect(Date.parse(late.validTo)).toBe((now + 3600) * 1000);
  });

  test('gives nothing that was taken back between the question and the issuing', async () => {
    const files = new DeskFiles(deskDir);
    const at = new AcmeDesk(desk(), files);
    const { spki } = await Key.make();
    const seconds = Math.floor(clock.now() / 1000);
    const asked = {
      domain: 'a.example',
      spki,
      entries: [{ start: RANGE[0], count: RANGE[1] }],
      notBefore: seconds,
      notAfter: seconds + 3600,
    };
    expect(await at.grantsOf('a.example')).toHaveLength(1);
    expect(await reasonOfPromise(() => at.issue({ ...asked, ca: true }))).toBe('not-granted');
    await desk().ungrant({ to: 'a.example' });
    const before = await desk().list();
    expect(await reasonOfPromise(() => at.issue({ ...asked, ca: false }))).toBe('not-granted');
    expect(await desk().list()).toEqual(before);
    await desk().grant({ to: 'a.example', numbers: [GRANTED], ca: true, lifetimeMax: 3600 });
    for (const ca of [true, false])
      expect(await reasonOfPromise(() => at.issue({ ...asked, ca, notAfter: seconds + 7200 }))).toBe('not-granted');
    // Later, for as long: its end is what counts.
    expect(await reasonOfPromise(() => at.issue({ ...asked, ca: false, notBefore: seconds + 3600, notAfter: seconds + 7200 }))).toBe(
      'not-granted',
    );
    for (const ca of [true, false]) expect(await reasonOfPromise(() => at.issue({ ...asked, ca }))).toBeNull();
  });

  test('certifies one key for one AP', async () => {
    await desk().grant({ to: 'b.example', numbers: [GRANTED], ca: false });
    const [one, other] = [await enrolled(), await enrolled('b.example')];
    const key = await Key.make();
    expect((await finalized(one, await ready(one), key)).status).toBe(200);
    expect(reasonIn(await finalized(other, await ready(other), key))).toBe('key-reuse');
  });

  test('certifies no key again that was revoked as compromised, by order or by renewal', async () => {
    const caller = await enrolled();
    const [lost, key] = [await Key.make(), await Key.make()];
    const end = new Date(clock.now() + 30 * DAY * 1000).toISOString();
    const renewed = await ready(caller, { 'auto-renewal': { 'end-date': end, lifetime: DAY } });
    expect((await finalized(caller, renewed, lost)).status).toBe(200);
    const certificates: string[] = [];
    for (const one of [lost, key]) {
      const done = bodyOf(await finalized(caller, await ready(caller), one));
      const { text } = await caller.post(String(done['certificate']), '');
      certificates.push(new X509Certificate(text).raw.toString('base64url'));
    }
    expect((await caller.post(caller.url('revokeCert'), { certificate: certificates[0], reason: 1 })).status).toBe(200);
    expect((await caller.post(caller.url('revokeCert'), { certificate: certificates[1], reason: 4 })).status).toBe(200);
    expect(reasonIn(await finalized(caller, await ready(caller), lost))).toBe('key-reuse');
    expect((await finalized(caller, await ready(caller), key)).status).toBe(200);
    clock.ahead += DAY / 2 + 1;
    caller.nonce = null;
    await turn();
    expect((await caller.read(String(renewed['finalize']).replace('/finalize', '')))['status']).toBe('canceled');
  });

  test('renews by its timer until the grant is taken back; then the credential is dead within two lifetimes', async () => {
    const caller = await enrolled();
    const end = new Date(clock.now() + 30 * DAY * 1000).toISOString();
    const made = await ready(caller, { 'auto-renewal': { 'end-date': end, lifetime: DAY } });
    const star = String(bodyOf(await finalized(caller, made))['star-certificate']);
    const first = (await caller.post(star, '')).text;
    clock.ahead += DAY / 2 + 1;
    caller.nonce = null;
    await turn();
    const second = (await caller.post(star, '')).text;
    expect(new X509Certificate(second).serialNumber).not.toBe(new X509Certificate(first).serialNumber);
    expect(judged(second)).toBeNull();
    await desk().ungrant({ to: 'a.example' });
    clock.ahead += DAY / 2;
    caller.nonce = null;
    await turn();
    expect(reasonIn(await caller.post(star, ''))).toBe('auto-renewal-canceled');
    clock.ahead += DAY;
    expect(judged(second)).toBe('cert-expired');
  });

  test('makes accounts with keys that are printed after a process that died in the midst of its line', async () => {
    const keys = join(deskDir, 'acme/binding-keys.jsonl');
    const file = new BindingKeyFile(keys);
    const first = file.add('a.example', randomBytes, clock.now());
    writeFileSync(keys, `${readFileSync(keys, 'utf8')}{"kid":"half`);
    const second = file.add('a.example', randomBytes, clock.now());
    for (const printed of [first, second]) {
      const caller = await new AcmeCaller(send, provider.url, await Key.make()).start();
      expect((await caller.enrol(printed)).status).toBe(201);
    }
  });

  test('goes on after a restart with the accounts, orders and spent tokens that it had', async () => {
    const caller = await enrolled();
    const made = await ready(caller);
    const { kid } = caller;
    await provider.stop();
    provider = await start();
    const again = await new AcmeCaller(send, provider.url, caller.key).start();
    // The port is another one, and with it the URLs.
    again.kid = `${provider.url}${new URL(kid ?? '').pathname}`;
    const url = `${provider.url}${new URL(String(made['finalize'])).pathname}`;
    expect((await finalized(again, { finalize: url })).status).toBe(200);
  });

  test('takes no token once its own credential is revoked', async () => {
    const caller = await enrolled();
    const made = bodyOf(await order(caller));
    const authorization = await caller.read((made['authorizations'] as string[])[0] ?? '');
    const [challenge = {}] = authorization['challenges'] as Json[];
    const { token } = bodyOf(await tokenFor(caller, challenge, VALUE));
    const own = new X509Certificate(readFileSync(join(deskDir, 'own.pem')));
    await desk().revoke({ serial: own.serialNumber.toLowerCase(), reason: 'keyCompromise' });
    const answered = bodyOf(await caller.post(String(challenge['url']), { tkauth: token }));
    expect((answered['error'] as Json)['reason']).toBe('token-authority-untrusted');
  });

  test('lets one server at a desk, and makes no account with a key that was taken back', async () => {
    await expect(start()).rejects.toBeInstanceOf(ConfigurationProblems);
    const keys = join(deskDir, 'acme/binding-keys.jsonl');
    const printed = new BindingKeyFile(keys).add('a.example', randomBytes, clock.now());
    writeFileSync(keys, '');
    const caller = await new AcmeCaller(send, provider.url, await Key.make()).start();
    expect(reasonIn(await caller.enrol(printed))).toBe('binding-wrong');
  });

  test('keeps no lock when its journal is broken', async () => {
    await provider.stop();
    const journal = join(deskDir, 'acme/journal.jsonl');
    writeFileSync(journal, '{}\n');
    await expect(start()).rejects.toBeInstanceOf(Error);
    writeFileSync(journal, '');
    provider = await start();
    expect((await enrolled()).kid).not.toBeNull();
  });

  test('trusts a further token authority that its operator names, by its own form of fingerprint', async () => {
    const root = tls.authority;
    const key = newKeyPair();
    const now = Math.floor(clock.now() / 1000);
    const content = { subject: subjectName({ commonName: 'authority' }), names: [{ dns: 'authority.example' }] };
    const leaf = issueEndEntity(root, key.spki, content, { random: randomBytes, notBefore: now - 60, notAfter: now + 600 });
    const caller = await enrolled();
    const answered = async (): Promise<Json> => {
      const made = bodyOf(await order(caller));
      const authorization = await caller.read((made['authorizations'] as string[])[0] ?? '');
      const [challenge = {}] = authorization['challenges'] as Json[];
      const tkauth = await joseToken({
        pem: key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        header: { alg: 'ES256', typ: 'JWT', x5c: [leaf.toString('base64')] },
        claims: {
          exp: now + 300,
          jti: randomBytes(8).toString('hex'),
          atc: { tktype: 'TNAuthList', tkvalue: VALUE, fingerprint: caller.key.spkiFingerprint },
        },
      });
      return bodyOf(await caller.post(String(challenge['url']), { tkauth }));
    };
    expect(((await answered())['error'] as Json)['reason']).toBe('token-authority-untrusted');
    writeFileSync(join(deskDir, 'acme/roots.pem'), tls.ca);
    const yaml = join(deskDir, 'acme/token-authorities.yaml');
    writeFileSync(yaml, 'authorities:\n  - { dns: authority.example, anchors: roots.pem, fingerprint: spki }\n');
    expect((await answered())['status']).toBe('valid');
    writeFileSync(yaml, 'authorities:\n  - { dns: authority.example, anchors: gone.pem }\n');
    expect((await answered())['reason']).toBe('not-ready');
  });
});
