import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { makeDevPki } from '../../src/adapters/desk/index.js';
import { isPublicAddress } from '../../src/adapters/x5u/index.js';
import { encodePem } from '../../src/encoding/index.js';
import {
  issueEndEntity,
  issueRevocationList,
  newKeyPair,
  pathOf,
  signStatement,
  subjectName,
  type IssuedCredential,
  type RevokedEntry,
} from '../../src/issuance/index.js';
import { startGateway, type GatewayHandle } from '../../src/main.js';
import { parseCertificate } from '../../src/x509/index.js';
import { ask, type Client, type Reply } from '../support/http-site.js';
import { SOMEWHERE, openOrigin, originTrust, resolvesTo, serverIdentity, type Origin } from '../support/tls-origin.js';

/** A gateway with nothing but what stands behind real sockets of a CRL host. */

const HOST = 'crl.sti.example';
const PLACE = `https://${HOST}/np.crl`;
const TN = '12025550100';
const DAY = 86_400;

const directory = mkdtempSync(join(tmpdir(), 'signpost-status-'));
const made = makeDevPki({ out: join(directory, 'pki'), now: () => Date.now(), random: randomBytes });
const ca = encodePem('CERTIFICATE', made.hierarchy.authority('tls-ca').certificate);
const np = made.hierarchy.authority('np-709J');
const seconds = (): number => Math.floor(Date.now() / 1000);

let origin: Origin;
let content: Buffer | null = null;
let ahead = 0;
let count = 0;
const clock = { now: () => Date.now() + ahead * 1000, monotonic: () => performance.now() + ahead * 1000 };
const running: GatewayHandle[] = [];
let atStart = '';
let tasks: Map<number, () => Promise<void>>;

beforeAll(async () => {
  origin = await openOrigin(
    (_, response) => void (content === null ? response.writeHead(404).end() : response.end(content)),
    serverIdentity([HOST]),
  );
});
beforeEach(() => {
  content = null;
  ahead = 0;
  origin.asked.length = 0;
});
afterEach(async () => {
  for (const handle of running.splice(0)) await handle.stop();
});
afterAll(async () => {
  await origin.close();
  rmSync(directory, { recursive: true, force: true });
});

/** A PKI directory without the NP's CRL, and with these lines in trust.yaml. */
const pkiWith = (trust: string): string => {
  const copy = join(directory, `pki-${(count += 1)}`);
  cpSync(made.directory, copy, { recursive: true });
  for (const name of readdirSync(join(copy, 'crls'))) if (name.includes('np-709J')) rmSync(join(copy, 'crls', name));
  const file = join(copy, 'policies/trust.yaml');
  writeFileSync(file, `${readFileSync(file, 'utf8')}${trust}`);
  return copy;
};

const start = async (pkiDir: string, dataDir = join(directory, `data-${(count += 1)}`)): Promise<GatewayHandle> => {
  tasks = new Map();
  const handle = await startGateway({
    dataDir,
    pkiDir,
    port: 0,
    clock,
    log: pino({ level: 'silent' }),
    timer: (ms, task) => {
      tasks.set(ms, task);
      return () => Promise.resolve();
    },
    outside: {
      resolver: resolvesTo(SOMEWHERE),
      trust: [originTrust()],
      network: {
        isAllowed: (address) => address === '127.0.0.1' || isPublicAddress(address),
        connect: () => connect({ host: '127.0.0.1', port: origin.port }),
      },
    },
  });
  running.push(handle);
  atStart = handle.configuration.state().versions.revocation;
  return handle;
};

const credential = ((): IssuedCredential => {
  const key = newKeyPair();
  const from = seconds() - 60;
  const parts = {
    subject: subjectName({ commonName: 'delegate' }),
    numbers: [{ tn: TN }],
    binding: { provider: 'a.example' },
    crl: { url: PLACE },
  };
  const certificate = issueEndEntity(np, key.spki, parts, { random: randomBytes, notBefore: from, notAfter: from + 30 * DAY });
  return { path: pathOf(certificate, np), key };
})();
const [endEntity = Buffer.alloc(0)] = credential.path;
const entry: RevokedEntry = { serial: parseCertificate(endEntity).serial, revokedAt: seconds() - 30 };

const crl = (number: number, entries: readonly RevokedEntry[] = [], lifetime = DAY): Buffer =>
  issueRevocationList(np, { number, thisUpdate: seconds() - 60 + number, nextUpdate: seconds() + lifetime, entries, url: PLACE });

const client: Client = {
  cert: readFileSync(join(made.directory, 'clients/a.example.pem'), 'utf8'),
  key: readFileSync(join(made.directory, 'clients/a.example.key.pem'), 'utf8'),
};
const passport = (): string =>
  signStatement(
    {
      action: 'register',
      audience: 'dp.example',
      sii: `tel:+${TN}`,
      ssi: 'mimi://a.example/u/alice',
      provider: 'a.example',
      consent: 'app',
      purpose: 'consumer',
      lifetime: 300,
    },
    credential,
    Math.floor(clock.now() / 1000),
    randomBytes,
  );
const submit = (handle: GatewayHandle, body = passport()): Promise<Reply> =>
  ask(handle.port, ca, { method: 'POST', path: '/v1/passports', headers: { 'Content-Type': 'application/passport' }, body, client });
const isReady = async (handle: GatewayHandle): Promise<boolean> => (await ask(handle.port, ca, { path: '/readyz' })).status === 200;
/** Whether other CRLs are in force than at the start: what is kept is saved first. */
const isInForce = (handle: GatewayHandle): boolean => handle.configuration.state().versions.revocation !== atStart;
const reasonOf = (reply: Reply): unknown => (JSON.parse(reply.body.toString()) as { reason?: unknown }).reason;
/** What the gateway's timer does every few seconds, to its end. */
const tend = async (handle: GatewayHandle): Promise<void> => {
  const before = handle.configuration.state().crls.fetches;
  await tasks.get(5_000)?.();
  for (let i = 0; i < 2_000 && handle.configuration.state().crls.fetches === before; i += 1) await new Promise((r) => setImmediate(r));
};
const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  for (const end = performance.now() + 5_000; performance.now() < end;) {
    if (await holds()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('it did not come about');
};

describe('a distribution point that a certificate names', () => {
  test('is asked once, and the registration accepted in the same request', async () => {
    content = crl(1);
    const handle = await start(pkiWith(`crlHosts: [${HOST}]\n`));
    expect((await submit(handle)).status).toBe(201);
    expect((await submit(handle)).status).toBe(201);
    expect(origin.asked).toEqual(['/np.crl']);
  });

  test('that lists the certificate has it refused', async () => {
    content = crl(1, [entry]);
    const handle = await start(pkiWith(`crlHosts: [${HOST}]\n`));
    const reply = await submit(handle);
    expect([reply.status, reasonOf(reply)]).toEqual([403, 'cert-revoked']);
  });

  test('that does not answer leaves the registration undecided, to be tried again', async () => {
    const handle = await start(pkiWith(`crlHosts: [${HOST}]\n`));
    const reply = await submit(handle);
    expect([reply.status, reasonOf(reply), Number(reply.headers['retry-after']) > 0]).toEqual([503, 'status-unavailable', true]);
    expect(handle.gateway.logSize).toBe(0);
    content = crl(1);
    ahead = 60;
    expect((await submit(handle)).status).toBe(201);
  });

  test('of a host that policy does not name is not asked', async () => {
    content = crl(1);
    const handle = await start(pkiWith('crlHosts: [other.sti.example]\n'));
    expect(reasonOf(await submit(handle))).toBe('status-unavailable');
    expect(origin.asked).toEqual([]);
  });

  test('is not asked for a PASSporT that its certificate did not sign', async () => {
    content = crl(1);
    const handle = await start(pkiWith(`crlHosts: [${HOST}]\n`));
    const signed = passport();
    const cut = signed.lastIndexOf('.') + 1;
    const forged = `${signed.slice(0, cut)}${Buffer.alloc(64, 1).toString('base64url')}`;
    expect(reasonOf(await submit(handle, forged))).toBe('status-unavailable');
    expect(origin.asked).toEqual([]);
    expect((await submit(handle, signed)).status).toBe(201);
  });
});

describe('a CRL of crlSources', () => {
  const SOURCE = `crlSources: [{ url: "${PLACE}", everyMinutes: 10 }]\ncrlSigners: [np.pem]\n`;
  const pki = (): string => {
    const copy = pkiWith('');
    const file = join(copy, 'policies/trust.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/crlSigners:.*\n/, '') + SOURCE);
    writeFileSync(join(copy, 'np.pem'), encodePem('CERTIFICATE', np.certificate));
    for (const name of readdirSync(join(copy, 'crls'))) if (!name.includes('delegate')) rmSync(join(copy, 'crls', name));
    return copy;
  };
  const withoutFiles = (copy: string): string => {
    for (const name of readdirSync(join(copy, 'crls'))) rmSync(join(copy, 'crls', name));
    return copy;
  };

  test('is fetched at the start, and again in time: what it newly revokes is refused at once', async () => {
    content = crl(1);
    const handle = await start(pki());
    await until(() => isInForce(handle));
    expect((await submit(handle)).status).toBe(201);
    const { versions } = handle.configuration.state();
    content = crl(2, [entry]);
    ahead = 11 * 60;
    await tend(handle);
    await until(() => handle.configuration.state().versions.revocation !== versions.revocation);
    expect(reasonOf(await submit(handle))).toBe('cert-revoked');
  });

  test('is not let go back, and operators are told', async () => {
    content = crl(2, [entry]);
    const handle = await start(pki());
    await until(() => isInForce(handle));
    content = crl(1);
    ahead = 11 * 60;
    await tend(handle);
    await until(() => handle.configuration.state().crls.fetches['rollback'] === 1);
    expect(handle.configuration.state().remarks.join()).toMatch(/rollback/);
    expect(reasonOf(await submit(handle))).toBe('cert-revoked');
  });

  test('that has run out decides nothing more, and accepts nobody', async () => {
    content = crl(1, [], 3600);
    const handle = await start(pki());
    await until(() => isInForce(handle));
    content = null;
    ahead = 3601;
    expect(reasonOf(await submit(handle))).toBe('status-unavailable');
    ahead = 3500;
    expect((await submit(handle)).status).toBe(201);
  });

  test('is missed in readiness until it is there, and from a restart on is there at once', async () => {
    const place = withoutFiles(pki());
    const data = join(directory, 'data-kept');
    const handle = await start(place, data);
    expect(await isReady(handle)).toBe(false);
    content = crl(1);
    ahead = 60;
    await tend(handle);
    await until(() => isReady(handle));
    await running.pop()?.stop();
    content = null;
    const again = await start(place, data);
    expect(await isReady(again)).toBe(true);
    expect(existsSync(join(data, 'crls'))).toBe(true);
  });
});
