import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { X509Certificate, createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pino } from 'pino';
import { ConfigurationProblems, PrincipalDirectory } from '../src/adapters/configuration/index.js';
import { makeDevPki } from '../src/adapters/desk/index.js';
import { FileDomainRecords, nodeFileSystem, type FileSystem } from '../src/adapters/files/index.js';
import { encodePem } from '../src/encoding/index.js';
import type { Principal } from '../src/gateway/index.js';
import { fsckDirectory } from '../src/cli/audit-fsck-directory.js';
import { parseLeaf, verifyReceipt } from '../src/log/index.js';
import { startGateway, type GatewayHandle } from '../src/main.js';
import { makePlace, openAt, type Opened } from './support/open-gateway.js';
import { ask, type Client, type Reply } from './support/http-site.js';
import { reasonOfPromise } from './support/reasons.js';
import { tlsOf } from './support/served-gateway.js';

const directory = mkdtempSync(join(tmpdir(), 'signpost-principals-'));
const made = makeDevPki({ out: join(directory, 'pki'), now: () => Date.now(), random: randomBytes });
const ca = encodePem('CERTIFICATE', made.hierarchy.authority('tls-ca').certificate);
const clients = new Map<string, Client>();
const freshClient = (domain: string): Client => {
  const { cert, key } = tlsOf(made.hierarchy.tlsClient(domain), ca);
  return { cert, key };
};
const clientOf = (domain: string): Client => {
  const known = clients.get(domain) ?? freshClient(domain);
  clients.set(domain, known);
  return known;
};

const running: GatewayHandle[] = [];
const agents: Agent[] = [];
afterEach(async () => {
  for (const agent of agents.splice(0)) agent.destroy();
  for (const handle of running.splice(0)) await handle.stop();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let places = 0;
interface Place {
  readonly pki: string;
  readonly data: string;
}
const newPlace = (): Place => {
  places += 1;
  const pki = join(directory, `pki-${places}`);
  cpSync(made.directory, pki, { recursive: true });
  return { pki, data: join(directory, `data-${places}`) };
};
const start = async ({ pki, data }: Place): Promise<GatewayHandle> => {
  const handle = await startGateway({ dataDir: data, pkiDir: pki, port: 0, log: pino({ level: 'silent' }) });
  running.push(handle);
  return handle;
};
const restart = async (place: Place): Promise<GatewayHandle> => {
  for (const handle of running.splice(0)) await handle.stop();
  return start(place);
};

const AP = { kind: 'ap', class: 'consumer' };
const json = (reply: Reply): Record<string, unknown> => JSON.parse(reply.body.toString()) as Record<string, unknown>;
const outcome = (reply: Reply): unknown => [reply.status, json(reply)['reason']];

const admin = (handle: GatewayHandle, method: string, domain: string, body?: unknown, as = 'operator.example'): Promise<Reply> =>
  ask(handle.port, ca, {
    method,
    path: `/v1/admin/principals/${domain}`,
    client: clientOf(as),
    ...(body === undefined ? {} : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
  });
const lookup = (handle: GatewayHandle, client: Client, agent?: Agent): Promise<Reply> =>
  ask(handle.port, ca, {
    method: 'POST',
    path: '/v1/lookups',
    headers: { 'Content-Type': 'application/json' },
    body: '{"sii":"tel:+12025550100"}',
    client,
    ...(agent === undefined ? {} : { agent }),
  });

describe('a principal that an operator puts', () => {
  test('is in force at once, also over a connection that is open, and no more once it is suspended or removed', async () => {
    const handle = await start(newPlace());
    const client = clientOf('new.example');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    agents.push(agent);
    const ports = new Set<unknown>();
    agent.on('free', (socket: { localPort?: number }) => ports.add(socket.localPort));
    const seen = [outcome(await lookup(handle, client, agent))];
    const put = await admin(handle, 'PUT', 'new.example', AP);
    expect([put.status, json(put)]).toMatchObject([201, { domain: 'new.example', ...AP, change: { by: 'operator.example' } }]);
    seen.push(outcome(await lookup(handle, client, agent)));
    expect((await admin(handle, 'PUT', 'new.example', { ...AP, suspended: true })).status).toBe(200);
    seen.push(outcome(await lookup(handle, client, agent)));
    expect(json(await admin(handle, 'GET', 'new.example'))).toMatchObject({ ...AP, suspended: true });
    expect((await admin(handle, 'PUT', 'new.example', { ...AP, suspended: false })).status).toBe(200);
    seen.push(outcome(await lookup(handle, client, agent)));
    expect((await admin(handle, 'DELETE', 'new.example')).status).toBe(200);
    seen.push(outcome(await lookup(handle, client, agent)));
    expect(seen).toEqual([
      [401, 'client-unknown'],
      [200, undefined],
      [403, 'client-suspended'],
      [200, undefined],
      [401, 'client-unknown'],
    ]);
    expect(ports.size).toBe(1);
  });

  test('is refused in the middle of a stream that it began', async () => {
    const handle = await start(newPlace());
    await admin(handle, 'PUT', 'new.example', AP);
    const request = httpsRequest({
      host: '127.0.0.1',
      port: handle.port,
      method: 'POST',
      path: '/v1/passports',
      ca,
      ...clientOf('new.example'),
      agent: false,
      headers: { 'Content-Type': 'application/x-ndjson' },
    });
    request.write('{"passport":"one"}\n');
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const lines = createInterface({ input: response })[Symbol.asyncIterator]();
    const reasonOfNext = async (): Promise<unknown> => (JSON.parse((await lines.next()).value as string) as { reason: string }).reason;
    expect(await reasonOfNext()).toBe('malformed-token');
    await admin(handle, 'PUT', 'new.example', { ...AP, suspended: true });
    request.write('{"passport":"two"}\n');
    expect(await reasonOfNext()).toBe('client-suspended');
    await admin(handle, 'DELETE', 'new.example');
    request.end('{"passport":"three"}\n');
    expect(await reasonOfNext()).toBe('client-unknown');
  });

  test('is anybody on open routes while it is suspended', async () => {
    const handle = await start(newPlace());
    const remarks = async (): Promise<unknown> =>
      Object.keys(json(await ask(handle.port, ca, { path: '/readyz', client: clientOf('second.example') })));
    const stranger = await remarks();
    await admin(handle, 'PUT', 'second.example', { kind: 'operator' });
    expect(await remarks()).not.toEqual(stranger);
    await admin(handle, 'PUT', 'second.example', { kind: 'operator', suspended: true });
    expect(await remarks()).toEqual(stranger);
    expect(outcome(await admin(handle, 'DELETE', 'a.example', undefined, 'second.example'))).toEqual([403, 'client-suspended']);
    expect((await admin(handle, 'GET', 'a.example')).status).toBe(200);
  });

  test('may be bound to a key, and is then nobody under another', async () => {
    const handle = await start(newPlace());
    const client = clientOf('new.example');
    const spki = new X509Certificate(client.cert).publicKey.export({ type: 'spki', format: 'der' });
    const clientKey = createHash('sha256').update(spki).digest('base64');
    expect((await admin(handle, 'PUT', 'new.example', { ...AP, clientKey })).status).toBe(201);
    expect(outcome(await lookup(handle, client))).toEqual([200, undefined]);
    expect(outcome(await lookup(handle, freshClient('new.example')))).toEqual([401, 'client-key-mismatch']);
    expect((await admin(handle, 'PUT', 'new.example', AP)).status).toBe(200);
    expect((await lookup(handle, freshClient('new.example'))).status).toBe(200);
  });

  test('is in the log, with a receipt, and not twice when it is said twice', async () => {
    const place = newPlace();
    const handle = await start(place);
    const client = clientOf('new.example');
    const spki = new X509Certificate(client.cert).publicKey.export({ type: 'spki', format: 'der' });
    const pin = createHash('sha256').update(spki);
    const clientKey = pin.copy().digest('base64');
    const terms = { ...AP, operatedBy: '709J', clientKey };
    const said = [
      await admin(handle, 'PUT', 'new.example', terms),
      await admin(handle, 'PUT', 'new.example', { ...terms, suspended: false }),
      await admin(handle, 'PUT', 'new.example', { ...terms, suspended: true }),
      await admin(handle, 'DELETE', 'new.example'),
      await admin(handle, 'DELETE', 'new.example'),
    ].map(json);
    const who = { dom: 'new.example', kind: 'ap', cls: 'consumer', spc: '709J', susp: false, key: pin.digest('base64url') };
    const removed = { dom: 'new.example', kind: null, cls: null, spc: null, susp: false, key: null };
    const leaves = await Promise.all([0, 1, 2].map(async (index) => parseLeaf((await handle.gateway.entry(index)).leaf)));
    expect(handle.gateway.logSize).toBe(3);
    expect(leaves.map((leaf) => [leaf.k, leaf.ap, leaf.who])).toEqual([
      ['principal', 'operator.example', who],
      ['principal', 'operator.example', { ...who, susp: true }],
      ['principal', 'operator.example', removed],
    ]);
    expect(said.map((answer) => (answer['change'] as { logIndex: number } | undefined)?.logIndex ?? answer['logIndex'])).toEqual([
      0,
      0,
      1,
      2,
      undefined,
    ]);
    for (const [at, index] of [
      [0, 0],
      [2, 1],
      [3, 2],
    ] as const) {
      const { leafHash } = await handle.gateway.entry(index);
      expect(verifyReceipt(String(said[at]?.['receipt']), handle.receiptVkey)).toMatchObject({ index, leafHash, time: leaves[index]?.t });
    }
    expect([said[1]?.['receipt'], said[4]?.['receipt']]).toEqual([undefined, undefined]);
    await restart(place);
    expect((await fsckDirectory(place.data, {})).problem).toBeNull();
  });

  test('overrules principals.yaml through reloads and restarts, and so does a removal', async () => {
    const place = newPlace();
    let handle = await start(place);
    const classOf = async (domain: string): Promise<unknown> => json(await admin(handle, 'GET', domain))['class'];
    expect(json(await admin(handle, 'GET', 'a.example'))).toMatchObject({ class: 'consumer', change: null });
    await admin(handle, 'PUT', 'new.example', { ...AP, operatedBy: '709J' });
    await admin(handle, 'PUT', 'a.example', { kind: 'ap', class: 'business' });
    await admin(handle, 'DELETE', 'b.example');
    const stands = async (): Promise<unknown> => [
      outcome(await lookup(handle, clientOf('new.example'))),
      await classOf('a.example'),
      outcome(await lookup(handle, clientOf('b.example'))),
      outcome(await admin(handle, 'GET', 'b.example')),
    ];
    const expected = [[200, undefined], 'business', [401, 'client-unknown'], [404, 'not-found']];
    expect(await stands()).toEqual(expected);
    const file = join(place.pki, 'policies/principals.yaml');
    writeFileSync(file, `${readFileSync(file, 'utf8')}  - { kind: ep, domain: new.example }\n`);
    expect(await handle.configuration.reload()).toEqual({ ok: true });
    expect(await stands()).toEqual(expected);
    handle = await restart(place);
    expect(await stands()).toEqual(expected);
    await admin(handle, 'PUT', 'b.example', AP);
    expect((await lookup(handle, clientOf('b.example'))).status).toBe(200);
  });

  test('that is not well said leaves no trace', async () => {
    const place = newPlace();
    const handle = await start(place);
    const bad: [string, unknown][] = [
      ['new.example', { kind: 'ap' }],
      ['new.example', { kind: 'np' }],
      ['new.example', { ...AP, domain: 'other.example' }],
      ['new.example', { ...AP, clientKey: 'AAAA' }],
      ['new.example', { ...AP, suspended: 'yes' }],
      ['NEW.example', AP],
      ['new_.example', AP],
    ];
    for (const [domain, body] of bad) expect(outcome(await admin(handle, 'PUT', domain, body))).toEqual([400, 'malformed-request']);
    expect(outcome(await admin(handle, 'PUT', 'operator.example', { kind: 'auditor' }))).toEqual([409, 'own-principal']);
    expect(outcome(await admin(handle, 'DELETE', 'operator.example'))).toEqual([409, 'own-principal']);
    for (const as of ['a.example', 'auditor.example', 'np1.example'])
      for (const method of ['GET', 'DELETE'])
        expect(outcome(await admin(handle, method, 'b.example', undefined, as))).toEqual([403, 'client-not-allowed']);
    expect(outcome(await admin(handle, 'PUT', 'evil.example', { kind: 'operator' }, 'a.example'))).toEqual([403, 'client-not-allowed']);
    expect((await admin(handle, 'DELETE', 'nobody.example')).status).toBe(200);
    expect(readdirSync(place.data)).not.toContain('principals');
    expect((await lookup(handle, clientOf('new.example'))).status).toBe(401);
  });

  test('whose record is damaged keeps the gateway from starting', async () => {
    const place = newPlace();
    const handle = await start(place);
    await admin(handle, 'DELETE', 'b.example');
    const [name = ''] = readdirSync(join(place.data, 'principals'));
    const file = join(place.data, 'principals', name);
    const whole = readFileSync(file);
    await restart(place);
    for (const one of running.splice(0)) await one.stop();
    writeFileSync(file, whole.subarray(0, 20));
    expect((await fsckDirectory(place.data, {})).problem?.path).toMatch(/^principals\/[0-9a-f]{64}\.json$/);
    await expect(start(place)).rejects.toBeInstanceOf(ConfigurationProblems);
    writeFileSync(file, whole);
    expect(outcome(await lookup(await start(place), clientOf('b.example')))).toEqual([401, 'client-unknown']);
  });
});

describe('the directory of principals', () => {
  const operator = (domain: string): Principal => ({ domain, kind: 'operator', class: null, spc: null });
  const ops = new Map(['one.example', 'two.example'].map((domain) => [domain, operator(domain)]));
  let opened: Opened;
  beforeAll(async () => {
    opened = await openAt(await makePlace());
  });
  afterAll(() => opened.close());
  const parts = (fs: FileSystem = nodeFileSystem) => {
    places += 1;
    const records = new FileDomainRecords(join(directory, `records-${places}`, 'principals'), fs);
    return { records, gateway: opened.gateway, fromFile: (domain: string) => ops.get(domain) };
  };

  test('lets only one of two operators remove the other', async () => {
    const principals = await PrincipalDirectory.open(parts());
    const both = await Promise.all([
      reasonOfPromise(() => principals.change('two.example', null, 'one.example')),
      reasonOfPromise(() => principals.change('one.example', null, 'two.example')),
    ]);
    expect(both).toEqual([null, 'client-not-allowed']);
    expect([principals.of('one.example')?.kind, principals.of('two.example')]).toEqual(['operator', undefined]);
  });

  test('puts nothing in force that is not durable', async () => {
    const full: FileSystem = { ...nodeFileSystem, rename: () => Promise.reject(new Error('full')) };
    const own = await openAt(await makePlace());
    const principals = await PrincipalDirectory.open({ ...parts(full), gateway: own.gateway });
    expect(await reasonOfPromise(() => principals.change('new.example', { kind: 'ep' }, 'one.example'))).toBe('log-unavailable');
    expect([principals.of('new.example'), principals.state('new.example')]).toEqual([undefined, null]);
    expect((await own.gateway.readiness()).ready).toBe(false);
    await own.close();
  });

  test('does the same work for the three hundredth as for the first, and has them all after a start', async () => {
    let calls = 0;
    const counted = Object.fromEntries(
      (['open', 'readWhole', 'list', 'makeDirectory', 'rename', 'link', 'remove', 'syncDirectory'] as const).map((name) => [
        name,
        (...given: unknown[]) => {
          calls += 1;
          return (nodeFileSystem[name] as (...all: unknown[]) => unknown)(...given);
        },
      ]),
    ) as unknown as FileSystem;
    const given = parts(counted);
    const principals = await PrincipalDirectory.open(given);
    const work: number[] = [];
    for (let i = 0; i < 300; i += 1) {
      calls = 0;
      await principals.change(`ap-${i}.example`, { kind: 'ap', class: 'consumer' }, 'one.example');
      work.push(calls);
    }
    expect(new Set(work).size).toBe(1);
    const again = await PrincipalDirectory.open(given);
    expect(Array.from({ length: 300 }, (_, i) => again.of(`ap-${i}.example`)?.kind).every((kind) => kind === 'ap')).toBe(true);
  });
});
