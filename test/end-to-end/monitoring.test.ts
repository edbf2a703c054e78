import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { makeDevPki } from '../../src/adapters/desk/index.js';
import { ApClient, AuditClient, NpClient, type KeptRegistration } from '../../src/client/index.js';
import { encodePem } from '../../src/encoding/index.js';
import { signStatement, type IssuedCredential } from '../../src/issuance/index.js';
import { startGateway, type GatewayHandle } from '../../src/main.js';
import { ask } from '../support/http-site.js';
import { rejectionOf } from '../support/scripted-gateway.js';
import { Verb } from '../support/verb.js';

const directory = mkdtempSync(join(tmpdir(), 'signpost-monitoring-'));
const pki = makeDevPki({ out: join(directory, 'pki'), now: () => Date.now(), random: randomBytes });
const ca = encodePem('CERTIFICATE', pki.hierarchy.authority('tls-ca').certificate);
const fileOf = (domain: string, what: 'pem' | 'key.pem'): string => join(directory, `pki/clients/${domain}.${what}`);
const clientOf = (domain: string) => ({
  cert: readFileSync(fileOf(domain, 'pem'), 'utf8'),
  key: readFileSync(fileOf(domain, 'key.pem'), 'utf8'),
});

/** Of 709J. */
const numberAt = (n: number): string => `12025550${(400 + n).toString()}`;
let handle: GatewayHandle;
let options: { url: string; ca: string };

const delegate = (spc: string, provider: string, tn: string): IssuedCredential =>
  pki.hierarchy.delegate({ spc, provider, numbers: [{ start: tn, count: 1 }] });
const register = (provider: string, tn: string, spc = '709J', credential = delegate(spc, provider, tn)): string =>
  signStatement(
    {
      action: 'register',
      audience: 'dp.example',
      sii: `tel:+${tn}`,
      ssi: `mimi://${provider}/u/u${tn}`,
      provider,
      consent: 'app',
      purpose: 'consumer',
      lifetime: 600,
    },
    credential,
    Math.floor(Date.now() / 1000),
    randomBytes,
  );
const start = async (): Promise<void> => {
  handle = await startGateway({
    dataDir: join(directory, 'data'),
    pkiDir: join(directory, 'pki'),
    port: 0,
    log: pino({ level: 'silent' }),
  });
  options = { url: handle.url.replace('127.0.0.1', 'localhost'), ca };
  await handle.gateway.searchable();
};
const published = async (size: number): Promise<void> => {
  const log = new AuditClient({ ...options, logVkey: handle.logVkey });
  while (Number((await log.checkpoint()).size) < size) await wait(50);
  log.close();
};

const kept: KeptRegistration[] = [];

/** 0 to 2: registers under 709J by two APs; 3: a delegate of 505X over a number of 709J, refused; 4: a replay, refused under 709J. */
beforeAll(async () => {
  await start();
  const a = new ApClient({ ...options, ...clientOf('a.example') });
  const b = new ApClient({ ...options, ...clientOf('b.example') });
  const first = register('a.example', numberAt(0));
  for (const passport of [first, register('a.example', numberAt(1))]) {
    const { logIndex, leafHash, mapping } = await a.register(passport);
    kept.push({ sii: mapping?.sii ?? '', ssi: mapping?.ssi ?? '', logIndex, leafHash });
  }
  await b.register(register('b.example', numberAt(0)));
  expect(await rejectionOf(b.register(register('b.example', numberAt(1), '505X')))).toMatchObject({
    reason: 'tn-out-of-scope',
    logIndex: 3,
  });
  expect(await rejectionOf(b.submit(first))).toMatchObject({ logIndex: 4 });
  await published(5);
  a.close();
  b.close();
});
afterAll(async () => {
  await handle.stop();
  rmSync(directory, { recursive: true, force: true });
});

const audit = (as: string): AuditClient => new NpClient({ ...options, ...clientOf(as) }).auditing(handle.logVkey);
const listed = async (log: AuditClient, name: string, from = 0): Promise<number[]> => {
  const indices: number[] = [];
  for await (const { index } of log.monitored(name, from)) indices.push(index);
  return indices;
};

describe('a number provider', () => {
  test('reads everything under its name out of the tiles, and the gateway lists the same', async () => {
    const log = audit('np1.example');
    const { checkpoint, entries } = await log.monitor('709J');
    const own: number[] = [];
    for await (const { index, fields } of entries) {
      own.push(index);
      expect(fields.np?.spc).toBe('709J');
    }
    expect(own).toEqual([0, 1, 2, 4]);
    expect(await listed(log, '709J')).toEqual(own);
    expect(await listed(log, '709J', 2)).toEqual([2, 4]);
    const again = await log.monitor('709J', checkpoint);
    expect((await again.entries.next()).done).toBe(true);
    const forged = { ...checkpoint, size: 3, root: checkpoint.root };
    expect(await rejectionOf(log.monitor('709J', forged))).toMatchObject({ reason: 'consistency-failed' });
    log.close();
  });

  test("is told nothing of another's list, which it can read in the tiles", async () => {
    const log = audit('np2.example');
    expect(await rejectionOf(listed(log, '709J'))).toMatchObject({ reason: 'not-own-name', status: 403 });
    expect(await listed(log, '505X')).toEqual([3]);
    log.close();
    const auditor = audit('auditor.example');
    expect(await listed(auditor, '505X')).toEqual([3]);
    auditor.close();
  });

  const alarmsOf = async (as: string, name: string, count: number, after?: string) => {
    const log = audit(as);
    const seen: unknown[] = [];
    for await (const alarm of log.alarms(name, after === undefined ? {} : { after })) {
      seen.push([alarm.event === 'alarm' ? alarm.alarm : alarm.event, alarm.index, alarm.event === 'alarm' ? alarm.client : null]);
      expect(JSON.stringify(alarm)).not.toMatch(/2025550/);
      if (seen.length === count) break;
    }
    log.close();
    return seen;
  };
  const EXPECTED = [
    ['new-client', 0, 'a.example'],
    ['new-client', 2, 'b.example'],
    ['foreign-credential', 3, 'b.example'],
  ];

  test("is alarmed when a client is new and when another's credential touches its numbers, before and after a restart", async () => {
    expect(await alarmsOf('np1.example', '709J', 3)).toEqual(EXPECTED);
    await handle.stop();
    await start();
    expect(await alarmsOf('np1.example', '709J', 3)).toEqual(EXPECTED);
    expect(await alarmsOf('np1.example', '709J', 2, '0-2')).toEqual(EXPECTED.slice(1));
    const log = audit('np2.example');
    expect(await rejectionOf(log.alarms('709J').next())).toMatchObject({ reason: 'not-own-name' });
    log.close();
  });
});

test('an auditor searches by SII, and others do not', async () => {
  const find = async (as: string) =>
    await ask(handle.port, ca, { path: `/v1/entries?sii=tel:%2B${numberAt(1)}&case=2026-17&order=oldest`, client: clientOf(as) });
  const found = JSON.parse((await find('auditor.example')).body.toString()) as { entries: { index: number }[] };
  expect(found.entries.map(({ index }) => index)).toEqual([1, 3]);
  expect((await find('a.example')).status).toBe(403);
});

describe('an application provider checks what it registered', () => {
  const check = async (registrations: readonly KeptRegistration[], soonMs = 0) => {
    const client = new ApClient({ ...options, ...clientOf('a.example') });
    const checked = await (await client.checking(handle.logVkey, { soonMs })).these(registrations);
    client.close();
    return checked.map(({ faults }) => faults);
  };

  test('and finds all of it', async () => {
    expect(await check(kept)).toEqual([[], []]);
  });

  test.each([
    ['runs out soon', {}, 400 * 86_400_000, ['expires-soon']],
    ['is another leaf', { leafHash: Buffer.alloc(32).toString('base64') }, 0, ['other-leaf']],
    ['was registered again', { logIndex: 1 }, 0, ['registered-again', 'other-leaf']],
    ['is not published', { logIndex: 1_000_000 }, 0, ['registered-again', 'not-published']],
    ['is of nobody', { ssi: 'mimi://a.example/u/nobody' }, 0, ['gone']],
  ] as const)('or that it %s', async (_what, changes, soonMs, faults) => {
    expect(await check([{ ...(kept[0] as KeptRegistration), ...changes }], soonMs)).toEqual([faults]);
  });

  test('on the command line, with a state from run to run', async () => {
    const file = join(directory, 'kept.jsonl');
    writeFileSync(file, kept.map((one) => `${JSON.stringify(one)}\n`).join(''));
    writeFileSync(join(directory, 'ca.pem'), ca);
    const args = [
      '--url',
      options.url,
      '--ca',
      join(directory, 'ca.pem'),
      '--cert',
      fileOf('a.example', 'pem'),
      '--key',
      fileOf('a.example', 'key.pem'),
    ];
    const run = () => new Verb('ap', 'check', file, ...args, '--log-key', handle.logVkey, '--state', join(directory, 'state'));
    const whole = run();
    expect([await whole.exit, whole.out]).toEqual([0, ['2 of 2 are as they were registered']]);
    expect(readFileSync(join(directory, 'state'), 'utf8')).toMatch(/^dp\.example/);
    const client = new ApClient({ ...options, ...clientOf('a.example') });
    await client.withdraw({ sii: kept[1]?.sii ?? '', ssi: kept[1]?.ssi ?? '' });
    client.close();
    const after = run();
    expect([await after.exit, JSON.parse(after.out[0] ?? '{}')]).toEqual([1, expect.objectContaining({ logIndex: 1, faults: ['gone'] })]);
    writeFileSync(file, '{"sii":1}\n');
    expect(await run().exit).toBe(2);
  });

  test('and a provider monitors from the command line', async () => {
    await published(6);
    const args = [
      '--ca',
      join(directory, 'ca.pem'),
      '--cert',
      fileOf('np1.example', 'pem'),
      '--key',
      fileOf('np1.example', 'key.pem'),
      '--log-vkey',
      handle.logVkey,
    ];
    const run = () => new Verb('audit', 'monitor', '709J', options.url, ...args, '--state', join(directory, 'np-state'));
    const first = run();
    expect([await first.exit, first.out.map((line) => (JSON.parse(line) as { index: number }).index)]).toEqual([0, [0, 1, 2, 4]]);
    const second = run();
    expect([await second.exit, second.out]).toEqual([0, []]);
    const alarms = new Verb('audit', 'monitor', '709J', options.url, ...args, '--alarms', '--after', '2-2');
    expect(JSON.parse(await alarms.says('foreign-credential'))).toMatchObject({ index: 3, signer: '505X' });
    alarms.child.kill('SIGTERM');
    expect(await alarms.exit).toBe(0);
  });
});
