import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { parse, stringify } from 'yaml';
import { ConfigurationProblems } from '../src/adapters/configuration/index.js';
import { makeDevPki } from '../src/adapters/desk/index.js';
import { signStatement, type IssuedCredential } from '../src/issuance/index.js';
import { startGateway, type GatewayHandle, type GatewayOptions } from '../src/main.js';
import type { Timer } from '../src/ports/index.js';
import { ask, type Client, type Reply } from './support/http-site.js';
import { makeFeed, placeFeed, type FeedPlan } from './support/numbering-feeds.js';
import { listAuthority } from './support/list-authority.js';
import { pemOf } from './support/trust-lists.js';

const directory = mkdtempSync(join(tmpdir(), 'signpost-numbering-feed-'));
const made = makeDevPki({ out: join(directory, 'pki'), now: () => Date.now(), random: randomBytes });
const { hierarchy } = made;
const ca = pemOf(hierarchy.authority('tls-ca').certificate);
const DAY = 86_400;
const seconds = (): number => Math.floor(Date.now() / 1000);

const running: GatewayHandle[] = [];
let count = 0;
afterEach(async () => {
  for (const handle of running.splice(0)) await handle.stop();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const { root, signer } = listAuthority();
const ROWS = ['709J,12025560000,1000,'];
const feed = (changes: Partial<FeedPlan> = {}): ReturnType<typeof makeFeed> =>
  makeFeed({ signer, rows: ROWS, iat: seconds(), exp: seconds() + DAY, ...changes });
const MOVED = feed({ sequence: 2, base: 1, rows: ['505X,12025560100,3,2026-01-01T00:00:00Z'] });

interface Scene {
  readonly handle: GatewayHandle;
  readonly pki: string;
  readonly data: string;
  readonly turn: (times?: number) => Promise<void>;
}

const open = async (pki: string, data: string, changes: Partial<GatewayOptions> = {}): Promise<Scene> => {
  const tasks: (() => Promise<void>)[] = [];
  const timer: Timer = (_ms, task) => {
    tasks.push(task);
    return () => Promise.resolve();
  };
  const turn = async (times = 1): Promise<void> => {
    for (let i = 0; i < times; i += 1) for (const task of tasks) await task();
  };
  const handle = await startGateway({ dataDir: data, pkiDir: pki, port: 0, log: pino({ level: 'silent' }), timer, ...changes });
  running.push(handle);
  return { handle, pki, data, turn };
};

const FILE = 'feeds/national.jws';

/** A PKI whose policies name the feed. */
const withFeed = (offered = feed()): string => {
  count += 1;
  const pki = join(directory, `pki-${count}`);
  cpSync(made.directory, pki, { recursive: true });
  mkdirSync(join(pki, 'feeds'));
  writeFileSync(join(pki, 'feeds/root.pem'), pemOf(root.der));
  placeFeed(join(pki, FILE), offered);
  const path = join(pki, 'policies/trust.yaml');
  const trust = parse(readFileSync(path, 'utf8')) as object;
  writeFileSync(path, stringify({ ...trust, numberingFeeds: [{ name: 'national', file: FILE, roots: ['feeds/root.pem'], codes: ['1'] }] }));
  return pki;
};

const scene = (changes: Partial<GatewayOptions> = {}): Promise<Scene> => open(withFeed(), join(directory, `data-${count}`), changes);

const clientOf = (domain: string): Client => ({
  cert: readFileSync(join(made.directory, `clients/${domain}.pem`), 'utf8'),
  key: readFileSync(join(made.directory, `clients/${domain}.key.pem`), 'utf8'),
});
const json = (reply: Reply): Record<string, unknown> => JSON.parse(reply.body.toString()) as Record<string, unknown>;

const statement = (credential: IssuedCredential, tn: string): string =>
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
    credential,
    seconds(),
    randomBytes,
  );

const present = ({ handle }: Scene, spc: string, tn: string): Promise<Reply> =>
  ask(handle.port, ca, {
    method: 'POST',
    path: '/v1/passports',
    headers: { 'Content-Type': 'application/passport' },
    body: statement(hierarchy.shakenCredential(spc), tn),
    client: clientOf('a.example'),
  });
/** The reason, or the status of what was accepted. */
const outcomeOf = async (at: Scene, spc: string, tn: string): Promise<unknown> => {
  const reply = await present(at, spc, tn);
  return reply.status === 201 ? 201 : json(reply)['reason'];
};
const readyOf = async ({ handle }: Scene): Promise<Record<string, unknown>> => {
  const reply = await ask(handle.port, ca, { method: 'GET', path: '/readyz', client: clientOf('operator.example') });
  return { status: reply.status, ...json(reply) };
};
const leafOf = async ({ handle }: Scene, index: unknown): Promise<Record<string, unknown>> =>
  json(await ask(handle.port, ca, { method: 'GET', path: `/v1/entries/${String(index)}`, client: clientOf('auditor.example') }));

describe('a gateway under a feed of numbering data', () => {
  test('takes changes while it runs: the new NP is accepted and the old one refused, and the leaf names the version', async () => {
    const at = await scene();
    const first = await present(at, '709J', '12025560100');
    expect([first.status, await outcomeOf(at, '505X', '12025560100')]).toEqual([201, 'tn-out-of-scope']);
    const before = at.handle.gateway.versions();
    placeFeed(join(at.pki, FILE), MOVED);
    await at.turn(2);
    const after = at.handle.gateway.versions();
    expect(after).toEqual({ ...before, numbering: expect.not.stringMatching(before.numbering) });
    // Of one number and provider only the later of two counts, and a second may hold both: each is told of another number.
    const second = await present(at, '505X', '12025560101');
    expect([second.status, await outcomeOf(at, '709J', '12025560101'), await outcomeOf(at, '709J', '12025560103')]).toEqual([
      201,
      'tn-out-of-scope',
      201,
    ]);
    const nums = [await leafOf(at, json(first)['logIndex']), await leafOf(at, json(second)['logIndex'])].map(({ num }) => num);
    expect(nums).toEqual([before, after].map(({ numbering }) => Buffer.from(numbering, 'hex').toString('base64url')));
    await running.pop()?.stop();
    rmSync(join(at.pki, FILE));
    const again = await open(at.pki, at.data);
    expect([again.handle.gateway.versions().numbering, await outcomeOf(again, '505X', '12025560102')]).toEqual([after.numbering, 201]);
  });

  test('keeps what is in force when another is refused, and tells the operator', async () => {
    const at = await scene();
    placeFeed(join(at.pki, FILE), feed({ sequence: 2, rows: ['505X,4930123,1,'] }));
    await at.turn(2);
    expect(await readyOf(at)).toMatchObject({ status: 200, problems: [], remarks: [expect.stringMatching(/national: feed-out-of-scope/)] });
    expect(await outcomeOf(at, '709J', '12025560100')).toBe(201);
  });

  test('takes nothing over its numbers once it has run out, those of numbering.csv too; what is stored resolves', async () => {
    let ahead = 0;
    const clock = { now: () => Date.now() + ahead, monotonic: () => performance.now() };
    const pki = withFeed(feed({ exp: seconds() + 100 }));
    const at = await open(pki, join(directory, `data-${count}`), { clock });
    expect([await outcomeOf(at, '709J', '12025560100'), await outcomeOf(at, '709J', '12025551000')]).toEqual([201, 201]);
    ahead = 101_000;
    await at.turn();
    expect(await readyOf(at)).toMatchObject({ status: 503, problems: [expect.stringMatching(/national is not in force/)] });
    ahead = 0;
    expect([await outcomeOf(at, '709J', '12025560100'), await outcomeOf(at, '709J', '12025551000')]).toEqual([
      'status-unavailable',
      'status-unavailable',
    ]);
    const found = await ask(at.handle.port, ca, {
      method: 'POST',
      path: '/v1/lookups',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ sii: 'tel:+12025560100' }),
      client: clientOf('b.example'),
    });
    expect(json(found)['mappings']).toHaveLength(1);
    placeFeed(join(pki, FILE), feed({ sequence: 2 }));
    await at.turn(2);
    expect([(await readyOf(at))['status'], await outcomeOf(at, '709J', '12025551001')]).toEqual([200, 201]);
  });

  test('does not start under one that never was good', async () => {
    await expect(open(withFeed(feed({ rows: ['x'] })), join(directory, `data-${count}`))).rejects.toBeInstanceOf(ConfigurationProblems);
  });
});
