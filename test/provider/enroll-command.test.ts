import { X509Certificate, createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { pino } from 'pino';
import { Desk, DeskFiles, openWithRoot } from '../../src/adapters/desk/index.js';
import { enroll, type EnrollOptions } from '../../src/cli/ap-enroll.js';
import { Usage } from '../../src/cli/ap-caller.js';
import { run as runAp } from '../../src/cli/ap.js';
import { run as runNp } from '../../src/cli/np.js';
import { AcmeRefusal } from '../../src/client/index.js';
import { startProvider, type ProviderHandle } from '../../src/provider.js';
import { TlsPki } from '../support/http-site.js';
import { Verb } from '../support/verb.js';

const DAY = 86_400;
const directory = mkdtempSync(join(tmpdir(), 'signpost-enroll-'));
const at = (...names: string[]): string => join(directory, ...names);
const tls = new TlsPki();
const clock = { ahead: 0, now: () => Date.now() + clock.ahead * 1000, monotonic: () => performance.now() };
const sources = { now: () => clock.now(), random: (octets: number) => randomBytes(octets) };
const NUMBERS = { start: '12025550100', count: 10 };
let provider: ProviderHandle;
const tasks: Array<() => Promise<void>> = [];
/** All that the provider's timers begin. */
const turn = async (): Promise<void> => {
  for (const task of tasks) await task();
};
let count = 0;

beforeAll(async () => {
  mkdirSync(at('tls'));
  writeFileSync(at('tls/server.pem'), tls.server.cert);
  writeFileSync(at('tls/server.key.pem'), tls.server.key);
  writeFileSync(at('tls/ca.pem'), tls.ca);
  const opening = { identity: { kind: 'np', spc: '709J', name: 'Example NP' }, numbers: [{ start: '12025550100', count: 100 }] } as const;
  await openWithRoot(new DeskFiles(at('desk')), opening, sources);
  const desk = new Desk(new DeskFiles(at('desk')), sources);
  await desk.issueOwn(365 * DAY);
  await desk.publish();
  await desk.grant({ to: 'a.example', numbers: [NUMBERS], ca: false });
  provider = await startProvider({
    deskDir: at('desk'),
    tlsDir: at('tls'),
    port: 0,
    host: 'localhost',
    clock,
    timer: (_, task) => {
      tasks.push(task);
      return () => Promise.resolve();
    },
    log: pino({ level: 'silent' }),
  });
  jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});

afterAll(async () => {
  jest.restoreAllMocks();
  await provider.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** A place of its own for one AP, with a key that the provider printed for it. */
const prepared = async (): Promise<{ out: string; eab: string }> => {
  const name = `ap-${(count += 1)}`;
  expect(await runNp(['enrol-key', '--dir', at('desk'), '--for', 'a.example', '--out', at(`${name}.eab`)])).toBe(0);
  return { out: at(name), eab: at(`${name}.eab`) };
};
const optionsFor = ({ out, eab }: { out: string; eab: string }, more: Partial<EnrollOptions> = {}): EnrollOptions => ({
  acme: provider.url,
  ca: at('tls/ca.pem'),
  eab,
  numbers: [],
  range: [NUMBERS],
  out,
  for: 30 * DAY,
  ...more,
});
const argsFor = ({ out, eab }: { out: string; eab: string }, ...more: string[]): string[] => [
  'enroll',
  '--acme',
  provider.url,
  '--ca',
  at('tls/ca.pem'),
  '--eab',
  eab,
  '--range',
  '12025550100+10',
  '--out',
  out,
  '--json',
  ...more,
];
const world = { now: () => clock.now(), wait: () => Promise.reject(new Error('nobody waits here')) };
const serialIn = (out: string): string => new X509Certificate(readFileSync(join(out, 'credential.pem'))).serialNumber;
const isPair = (out: string): boolean => {
  const key = createPublicKey(createPrivateKey(readFileSync(join(out, 'credential.key.pem'))));
  return new X509Certificate(readFileSync(join(out, 'credential.pem'))).publicKey.equals(key);
};

describe('ap enroll', () => {
  test('enrols once, writes a credential with its key, and leaves both alone until half of its life', async () => {
    const place = await prepared();
    expect(await runAp(argsFor(place))).toBe(0);
    const first = serialIn(place.out);
    expect(isPair(place.out)).toBe(true);
    for (const file of ['account.key.pem', 'credential.key.pem', 'acme.json']) expect(statSync(join(place.out, file)).mode & 0o077).toBe(0);
    rmSync(place.eab);
    expect(await runAp(argsFor(place))).toBe(0);
    expect(serialIn(place.out)).toBe(first);
    clock.ahead += DAY / 2;
    const report = await enroll(optionsFor(place), world);
    expect(report.json).toMatchObject({ renewed: true });
    expect([serialIn(place.out) === first, isPair(place.out)]).toEqual([false, true]);
  });

  test('orders anew for other numbers', async () => {
    const place = await prepared();
    await enroll(optionsFor(place), world);
    const first = serialIn(place.out);
    await enroll(optionsFor(place, { range: [{ start: '12025550100', count: 5 }] }), world);
    expect(serialIn(place.out)).not.toBe(first);
  });

  test('puts the key in its place when an earlier run ended between its writes', async () => {
    const place = await prepared();
    await enroll(optionsFor(place), world);
    renameSync(join(place.out, 'credential.key.pem'), join(place.out, 'credential.next.key.pem'));
    await enroll(optionsFor(place), world);
    expect([isPair(place.out), existsSync(join(place.out, 'credential.next.key.pem'))]).toEqual([true, false]);
  });

  test('lets the provider renew under one key, and orders anew when that has ended', async () => {
    const place = await prepared();
    const star = optionsFor(place, { star: true, for: 2 * DAY });
    await enroll(star, world);
    const [first, key] = [serialIn(place.out), readFileSync(join(place.out, 'credential.key.pem'), 'utf8')];
    clock.ahead += DAY / 2 + 1;
    await turn();
    await enroll(star, world);
    expect([serialIn(place.out) === first, readFileSync(join(place.out, 'credential.key.pem'), 'utf8') === key]).toEqual([false, true]);
    clock.ahead += 2 * DAY;
    await enroll(star, world);
    expect(readFileSync(join(place.out, 'credential.key.pem'), 'utf8')).not.toBe(key);
    expect(isPair(place.out)).toBe(true);
  });

  test('could not be run with a lost account key, or files that are something else, and leaves them as they were', async () => {
    const place = await prepared();
    writeFileSync(at('other.json'), '{"kid":7}');
    expect(await runAp(argsFor({ out: place.out, eab: at('other.json') }))).toBe(2);
    expect(await runAp(argsFor(place))).toBe(0);
    const [key, lost] = [join(place.out, 'account.key.pem'), join(place.out, 'lost')];
    renameSync(key, lost);
    await expect(enroll(optionsFor(place), world)).rejects.toBeInstanceOf(Usage);
    expect(existsSync(key)).toBe(false);
    renameSync(lost, key);
    const state = join(place.out, 'acme.json');
    const kept = readFileSync(state);
    writeFileSync(state, 'garbage');
    await expect(enroll(optionsFor(place), world)).rejects.toBeInstanceOf(Usage);
    writeFileSync(state, kept);
    await expect(enroll(optionsFor(place, { acme: 'np.example' }), world)).rejects.toBeInstanceOf(Usage);
    expect((await enroll(optionsFor(place), world)).json).toMatchObject({ renewed: false });
  });

  test('tells why it was refused, and writes no credential', async () => {
    const place = await prepared();
    const beyond = enroll(optionsFor(place, { range: [{ start: '12025550190', count: 5 }] }), world);
    await expect(beyond).rejects.toBeInstanceOf(AcmeRefusal);
    await expect(beyond).rejects.toMatchObject({ reason: 'not-granted' });
    expect(existsSync(join(place.out, 'credential.pem'))).toBe(false);
    expect(await runAp(argsFor({ out: at('nobody'), eab: at('none') }))).toBe(2);
    await enroll(optionsFor(place), world);
    expect(isPair(place.out)).toBe(true);
  });

  test('goes on renewing with --watch, at half of each life, until it is told to stop', async () => {
    const place = await prepared();
    const stop = new AbortController();
    const serials = new Set<string>();
    const passing = {
      now: () => clock.now(),
      wait: (ms: number) => {
        serials.add(serialIn(place.out));
        if (serials.size === 3) stop.abort();
        clock.ahead += ms / 1000;
        return Promise.resolve();
      },
    };
    const report = await enroll(optionsFor(place, { watch: true }), passing, stop);
    expect([report.code, serials.size]).toEqual([0, 3]);
  });

  test('as a process with --watch says one line, and exits 0 on SIGTERM', async () => {
    clock.ahead = 0;
    const verb = new Verb('ap', ...argsFor(await prepared(), '--watch'));
    expect(JSON.parse(await verb.says('"renewed":true'))).toMatchObject({ renewed: true });
    verb.child.kill('SIGTERM');
    expect(await verb.exit).toBe(0);
    expect(verb.out).toHaveLength(1);
  });
});
