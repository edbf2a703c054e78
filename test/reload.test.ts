import { X509Certificate, randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { parse, stringify } from 'yaml';
import { ConfigurationProblems } from '../src/adapters/configuration/index.js';
import { makeDevPki } from '../src/adapters/desk/index.js';
import { every } from '../src/adapters/system/index.js';
import { DevelopmentPki, signStatement, type IssuedCredential } from '../src/issuance/index.js';
import { startGateway, type GatewayHandle, type GatewayOptions } from '../src/main.js';
import type { Timer } from '../src/ports/index.js';
import { ask, openSocket, type Client, type Reply } from './support/http-site.js';
import { listAuthority } from './support/list-authority.js';
import { openOrigin, outsideAt, serverIdentity } from './support/tls-origin.js';
import { makeList, pemOf, type ListPlan } from './support/trust-lists.js';

const directory = mkdtempSync(join(tmpdir(), 'signpost-reload-'));
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

const { pki: authority, root, signer } = listAuthority();
const shakenRoot = hierarchy.authority('shaken-root').certificate;
const otherRoot = new DevelopmentPki({ now: () => Date.now(), random: randomBytes }).authority('shaken-root').certificate;
const list = (sequence: number, changes: Partial<ListPlan> = {}): string =>
  makeList({ signer, roots: [otherRoot, shakenRoot], sequence, exp: seconds() + DAY, ...changes });

/** A timer that runs when the test says so. */
class Hand {
  readonly #tasks: (() => Promise<void>)[] = [];
  readonly timer: Timer = (_ms, task) => {
    this.#tasks.push(task);
    return () => Promise.resolve();
  };

  async turn(times = 1): Promise<void> {
    for (let i = 0; i < times; i += 1) for (const task of this.#tasks) await task();
  }
}

interface Scene {
  readonly handle: GatewayHandle;
  readonly pki: string;
  readonly data: string;
  readonly lines: string[];
  readonly hand: Hand;
}

type Changes = Partial<GatewayOptions>;

/** A gateway over files of its own, whose SHAKEN roots are in a list alone. */
const open = async (pki: string, data: string, changes: Changes = {}): Promise<Scene> => {
  const lines: string[] = [];
  const hand = new Hand();
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
  const handle = await startGateway({ dataDir: data, pkiDir: pki, port: 0, log, timer: hand.timer, ...changes });
  running.push(handle);
  return { handle, pki, data, lines, hand };
};

const LIST = 'lists/sti-pa.jws';

const copyOfPki = (): string => {
  count += 1;
  const pki = join(directory, `pki-${count}`);
  cpSync(made.directory, pki, { recursive: true });
  return pki;
};

interface TrustDocument {
  anchors: Record<string, unknown>[];
  trustLists?: Record<string, unknown>[];
}
const editTrust = (pki: string, change: (trust: TrustDocument) => void): void => {
  const path = join(pki, 'policies/trust.yaml');
  const trust = parse(readFileSync(path, 'utf8')) as TrustDocument;
  change(trust);
  replace(path, stringify(trust));
};

/** As editors and careful scripts do it: a new file under the old name. */
const replace = (path: string, content: string): void => {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
};

const withList = (source: Record<string, unknown>, content: string | null = list(7)): string => {
  const pki = copyOfPki();
  mkdirSync(join(pki, 'lists'));
  writeFileSync(join(pki, 'lists/root.pem'), pemOf(root.der));
  if (content !== null) writeFileSync(join(pki, LIST), content);
  editTrust(pki, (trust) => {
    trust.anchors = trust.anchors.filter(({ profile }) => profile !== 'shaken');
    trust.trustLists = [{ name: 'sti-pa', profile: 'shaken', roots: ['lists/root.pem'], speaksFor: ['1'], ...source }];
  });
  return pki;
};

const sceneWithList = (content?: string): Promise<Scene> => open(withList({ file: LIST }, content), join(directory, `data-${count}`));

const clientOf = (domain: string): Client => ({
  cert: readFileSync(join(made.directory, `clients/${domain}.pem`), 'utf8'),
  key: readFileSync(join(made.directory, `clients/${domain}.key.pem`), 'utf8'),
});
const call = ({ handle }: Scene, method: string, path: string, as = 'operator.example'): Promise<Reply> =>
  ask(handle.port, ca, { method, path, client: clientOf(as) });
const json = (reply: Reply): Record<string, unknown> => JSON.parse(reply.body.toString()) as Record<string, unknown>;

const shaken = hierarchy.shakenCredential('709J');
const delegate = hierarchy.delegate({ spc: '709J', provider: 'a.example', numbers: [{ start: '12025551000', count: 5000 }] });
/** Each registration is of a number of its own: of two in one second one could be superseded. */
let next = 12025551000;

const passport = (credential: IssuedCredential): string =>
  signStatement(
    {
      action: 'register',
      audience: 'dp.example',
      sii: `tel:+${(next += 1)}`,
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

const register = ({ handle }: Scene, credential: IssuedCredential = shaken): Promise<Reply> =>
  ask(handle.port, ca, {
    method: 'POST',
    path: '/v1/passports',
    headers: { 'Content-Type': 'application/passport' },
    body: passport(credential),
    client: clientOf('a.example'),
  });
/** The reason, or the status of what was accepted. */
const outcomeOf = async (scene: Scene, credential?: IssuedCredential): Promise<unknown> => {
  const reply = await register(scene, credential);
  return reply.status === 201 ? 201 : json(reply)['reason'];
};
const readyOf = async (scene: Scene): Promise<Record<string, unknown>> => {
  const reply = await call(scene, 'GET', '/readyz');
  const { problems, remarks } = json(reply);
  return { status: reply.status, problems, remarks };
};
/** Turns until the gateway says so; what comes over the network takes a few. */
const turnUntil = async (scene: Scene, holds: (ready: Record<string, unknown>) => boolean): Promise<void> => {
  for (let turns = 0; !holds(await readyOf(scene)); turns += 1) {
    if (turns === 200) throw new Error(`never: ${JSON.stringify(await readyOf(scene))}`);
    await scene.hand.turn();
  }
};
const metric = async (scene: Scene, name: string): Promise<string | undefined> => {
  const page = (await call(scene, 'GET', '/metrics')).body.toString();
  return page.split('\n').find((line) => line.startsWith(name) && !line.startsWith('#'));
};

describe('the roots of a trust list', () => {
  test('are anchors of shaken; the root over the list is none, however well its own path holds', async () => {
    const scene = await sceneWithList();
    expect(await outcomeOf(scene)).toBe(201);
    expect(await outcomeOf(scene, authority.shakenCredential('709J'))).toBe('untrusted-chain');
    expect(await readyOf(scene)).toEqual({ status: 200, problems: [], remarks: [] });
    expect(await metric(scene, 'signpost_trust_list_sequence')).toBe('signpost_trust_list_sequence{list="sti-pa"} 7');
  });

  test('stop counting once they left the list, paths that were judged before included', async () => {
    const scene = await sceneWithList();
    for (let i = 0; i < 3; i += 1) expect(await outcomeOf(scene)).toBe(201);
    const before = scene.handle.gateway.versions();
    replace(join(scene.pki, LIST), list(8, { roots: [otherRoot] }));
    await scene.hand.turn(2);
    expect(await outcomeOf(scene)).toBe('untrusted-chain');
    expect(scene.handle.gateway.versions()).toEqual({ ...before, trust: expect.not.stringMatching(before.trust) });
    replace(join(scene.pki, LIST), list(9));
    await scene.hand.turn(2);
    expect(await outcomeOf(scene)).toBe(201);
    expect(scene.handle.gateway.versions()).toEqual(before);
  });

  test('never come back with an older list: the last good one stays, and the operator is told', async () => {
    const scene = await sceneWithList(list(8, { roots: [otherRoot] }));
    replace(join(scene.pki, LIST), list(7));
    await scene.hand.turn(2);
    expect(await outcomeOf(scene)).toBe('untrusted-chain');
    expect(await readyOf(scene)).toEqual({ status: 200, problems: [], remarks: [expect.stringMatching(/sti-pa: sequence lower/)] });
    expect(await metric(scene, 'signpost_trust_list_refused{list="sti-pa",fault="rollback"}')).toMatch(/ 1$/);
    expect(scene.lines.filter((line) => line.includes('"fault":"rollback"'))).toHaveLength(1);
    await running.pop()?.stop();
    const again = await open(scene.pki, scene.data);
    expect(await outcomeOf(again)).toBe('untrusted-chain');
    replace(join(scene.pki, LIST), list(9));
    await again.hand.turn(2);
    expect([await outcomeOf(again), (await readyOf(again))['remarks']]).toEqual([201, []]);
  });

  test('end with their list, and the gateway says so; a start without them is possible, and no more ready', async () => {
    let ahead = 0;
    const clock = { now: () => Date.now() + ahead, monotonic: () => performance.now() };
    const data = join(directory, `data-end-${count}`);
    const scene = await open(withList({ file: LIST }, list(7, { exp: seconds() + 100 })), data, { clock });
    expect(await outcomeOf(scene)).toBe(201);
    ahead = 101_000;
    await scene.hand.turn();
    expect(await readyOf(scene)).toMatchObject({ status: 503, problems: [expect.stringMatching(/sti-pa is not in force: exp/)] });
    expect(await metric(scene, 'signpost_trust_list_until_seconds')).toBe('signpost_trust_list_until_seconds{list="sti-pa"} 0');
    await running.pop()?.stop();
    const again = await open(scene.pki, data, { clock });
    expect((await readyOf(again))['status']).toBe(503);
    replace(join(scene.pki, LIST), list(8));
    await again.hand.turn(2);
    expect(await readyOf(again)).toEqual({ status: 200, problems: [], remarks: [] });
  });

  test('are not waited for: a start or reload with a list that never was good is refused', async () => {
    const pki = withList({ file: LIST }, 'no list');
    await expect(open(pki, join(directory, 'data-never'))).rejects.toBeInstanceOf(ConfigurationProblems);
    const scene = await open(copyOfPki(), join(directory, 'data-later'));
    cpSync(join(pki, 'lists'), join(scene.pki, 'lists'), { recursive: true });
    cpSync(join(pki, 'policies/trust.yaml'), join(scene.pki, 'policies/trust.yaml'));
    expect(await scene.handle.configuration.reload()).toEqual({
      ok: false,
      problems: [expect.stringMatching(/sti-pa cannot be put in force: form/)],
    });
    writeFileSync(join(scene.pki, LIST), list(7));
    expect(await scene.handle.configuration.reload()).toEqual({ ok: true });
    expect(await outcomeOf(scene)).toBe(201);
  });

  test('come over the network too: a gateway starts without them, is ready once they are there, and keeps them for the next start', async () => {
    const HOST = 'authenticate.sti-pa.example';
    const served = { list: Buffer.from(list(7, { x5c: null, header: { x5u: `https://${HOST}/signer.pem` } })), status: 200 };
    const origin = await openOrigin(
      (request, response) => {
        response.writeHead(served.status, { 'Content-Type': 'application/octet-stream' });
        response.end(request.url === '/signer.pem' ? pemOf(signer.der) : served.list);
      },
      serverIdentity([HOST]),
    );
    const outside = outsideAt(origin.port);
    const pki = withList({ url: `https://${HOST}/ca-list`, hosts: [HOST] }, null);
    const data = join(directory, 'data-url');
    const scene = await open(pki, data, { outside });
    expect((await readyOf(scene))['status']).toBe(503);
    await turnUntil(scene, ({ status }) => status === 200);
    expect([await outcomeOf(scene), origin.asked]).toEqual([201, ['/ca-list', '/signer.pem']]);
    await running.pop()?.stop();
    served.status = 500;
    const again = await open(pki, data, { outside });
    expect([await outcomeOf(again), (await readyOf(again))['status']]).toEqual([201, 200]);
    await turnUntil(again, ({ remarks }) => Array.isArray(remarks) && remarks.length > 0);
    expect(await readyOf(again)).toMatchObject({ status: 200, remarks: [expect.stringMatching(/status 500/)] });
    await origin.close();
  });
});

describe('files that change', () => {
  test('count once they held still for a turn, and not before', async () => {
    const scene = await open(copyOfPki(), join(directory, 'data-still'));
    const before = scene.handle.gateway.versions();
    const principals = join(scene.pki, 'policies/principals.yaml');
    const text = readFileSync(principals, 'utf8');
    for (let cut = 1; cut < 4; cut += 1) {
      // A slow writer: each turn finds more of the file.
      writeFileSync(principals, text.slice(0, Math.floor((text.length * cut) / 4)));
      await scene.hand.turn();
      expect((await register(scene)).status).toBe(201);
    }
    writeFileSync(principals, text.replace('domain: a.example', 'domain: gone.example'));
    await scene.hand.turn();
    expect((await register(scene)).status).toBe(201);
    await scene.hand.turn();
    expect((await register(scene)).status).toBe(401);
    expect(scene.handle.gateway.versions()).toEqual(before);
    expect(scene.handle.configuration.state().reloads).toEqual({ done: 1, refused: 0 });
    await scene.hand.turn(3);
    expect(scene.handle.configuration.state().reloads).toEqual({ done: 1, refused: 0 });
  });

  test('and do not hold change nothing, are told of, and are read again when they change again', async () => {
    const scene = await open(copyOfPki(), join(directory, 'data-broken'));
    const anchor = join(scene.pki, 'anchors/shaken/root.pem');
    const whole = readFileSync(anchor, 'utf8');
    writeFileSync(anchor, whole.slice(0, 200));
    await scene.hand.turn(3);
    expect(await outcomeOf(scene)).toBe(201);
    expect(await readyOf(scene)).toMatchObject({
      status: 200,
      problems: [],
      remarks: [expect.stringMatching(/not in force: .*root\.pem/)],
    });
    expect(await metric(scene, 'signpost_configuration_drift')).toBe('signpost_configuration_drift 1');
    expect(await metric(scene, 'signpost_configuration_reloads{outcome="refused"}')).toMatch(/ 1$/);
    expect(scene.lines.some((line) => line.includes('root.pem') && line.includes('everything stays as it was'))).toBe(true);
    replace(anchor, whole);
    await scene.hand.turn(2);
    expect([await readyOf(scene), await metric(scene, 'signpost_configuration_drift')]).toEqual([
      { status: 200, problems: [], remarks: [] },
      'signpost_configuration_drift 0',
    ]);
  });

  test('an anchor that is taken out of its folder counts no more, the last one of all too', async () => {
    const scene = await open(copyOfPki(), join(directory, 'data-out'));
    for (let i = 0; i < 2; i += 1) expect([await outcomeOf(scene), await outcomeOf(scene, delegate)]).toEqual([201, 201]);
    rmSync(join(scene.pki, 'anchors/shaken/root.pem'));
    await scene.hand.turn(2);
    expect([await outcomeOf(scene), await outcomeOf(scene, delegate)]).toEqual(['untrusted-chain', 201]);
    for (const profile of ['delegate', 'email', 'numbering-authority']) rmSync(join(scene.pki, `anchors/${profile}/root.pem`));
    await scene.hand.turn(2);
    expect(await outcomeOf(scene, delegate)).toBe('untrusted-chain');
    expect(await readyOf(scene)).toMatchObject({ status: 503, problems: [expect.stringMatching(/names no anchor/)] });
  });

  test('a pair of TLS files counts once both are there', async () => {
    const scene = await open(copyOfPki(), join(directory, 'data-tls'));
    const shown = async (): Promise<string> => {
      const socket = await openSocket(scene.handle.port, ca);
      const { fingerprint256 } = socket.getPeerX509Certificate() ?? { fingerprint256: '' };
      socket.destroy();
      return fingerprint256;
    };
    const before = await shown();
    const next = hierarchy.tlsServer();
    replace(join(scene.pki, 'tls/server.pem'), next.path.map((der) => pemOf(der)).join(''));
    await scene.hand.turn(2);
    expect([await shown(), (await readyOf(scene))['remarks']]).toEqual([before, [expect.stringMatching(/is not the key of server\.pem/)]]);
    replace(join(scene.pki, 'tls/server.key.pem'), next.key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    await scene.hand.turn(2);
    expect([await shown(), (await readyOf(scene))['remarks']]).toEqual([new X509Certificate(next.path[0] ?? '').fingerprint256, []]);
  });

  test('a numbering table that is empty is taken for one that is being written', async () => {
    const scene = await open(copyOfPki(), join(directory, 'data-table'));
    writeFileSync(join(scene.pki, 'policies/numbering.csv'), 'spc,start,count,validFrom\n');
    await scene.hand.turn(2);
    expect(await outcomeOf(scene)).toBe(201);
    expect((await readyOf(scene))['remarks']).toEqual([expect.stringMatching(/numbering\.csv has no row/)]);
  });

  test('by the clock of the machine an anchor is gone within 5 s of its removal', async () => {
    const scene = await open(copyOfPki(), join(directory, 'data-real'), { timer: every });
    for (let i = 0; i < 2; i += 1) expect(await outcomeOf(scene)).toBe(201);
    rmSync(join(scene.pki, 'anchors/shaken/root.pem'));
    const removed = performance.now();
    while ((await outcomeOf(scene)) === 201) expect(performance.now() - removed).toBeLessThan(5_000);
    expect(await outcomeOf(scene)).toBe('untrusted-chain');
  });
});

describe('reloads under load', () => {
  test('every submission gets a verdict, each under one whole generation', async () => {
    const scene = await open(copyOfPki(), join(directory, 'data-load'));
    const trust = join(scene.pki, 'policies/trust.yaml');
    const gateway = join(scene.pki, 'policies/gateway.yaml');
    const texts = [trust, gateway].map((path) => readFileSync(path, 'utf8'));
    const [trustText = '', gatewayText = ''] = texts;
    // Each generation changes trust, policy and TLS at once; a mixture of two would show in the leaf.
    const generations = [
      [trustText, gatewayText],
      [trustText.replace('speaksFor: any', 'speaksFor: [mail.example]'), gatewayText.replace('minimum: app', 'minimum: otp')],
    ];
    const digests = new Set<string>();
    const put = async (i: number): Promise<void> => {
      const [t = '', g = ''] = generations[i] ?? [];
      replace(trust, t);
      replace(gateway, g);
      expect(await scene.handle.configuration.reload()).toEqual({ ok: true });
      const { trust: tl, policy: pol } = scene.handle.gateway.versions();
      digests.add(`${tl} ${pol}`);
    };
    for (const i of [1, 0]) await put(i);
    const loading = new AbortController();
    const answers: number[] = [];
    const load = async (): Promise<void> => {
      while (!loading.signal.aborted) answers.push((await register(scene, delegate)).status);
    };
    const lanes = [load(), load(), load(), load()];
    for (let i = 1; i <= 12; i += 1) await put(i % 2);
    loading.abort();
    await Promise.all(lanes);
    expect(digests.size).toBe(2);
    expect(answers.length).toBeGreaterThan(20);
    // 403: consent `app` is too weak under the second policy.
    expect(new Set(answers)).toEqual(new Set([201, 403]));
    const judged = new Set<string>();
    for (let index = 0; index < scene.handle.gateway.logSize; index += 1) {
      const { leaf } = await scene.handle.gateway.entry(index);
      const { tl, pol } = JSON.parse(Buffer.from(leaf).toString()) as { tl: string; pol: string };
      judged.add(`${Buffer.from(tl, 'base64url').toString('hex')} ${Buffer.from(pol, 'base64url').toString('hex')}`);
    }
    expect(judged).toEqual(digests);
  });
});
