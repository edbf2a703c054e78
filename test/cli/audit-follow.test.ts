import { createHmac } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { auditFollow, type FollowOptions } from '../../src/cli/audit-follow.js';
import type { FollowState } from '../../src/cli/audit-follow-state.js';
import { CannotRun } from '../../src/cli/audit-report.js';
import { AuditClient } from '../../src/client/index.js';
import { reasonOfPromise } from '../support/reasons.js';
import { testEntry, testSigner, vkeyOf } from '../support/log-fixtures.js';
import { serverIdentity } from '../support/tls-origin.js';
import { Verb } from '../support/verb.js';
import { MemoryLog, newFolder, removeFolder, runWitness, trust, type RunWitness } from '../support/witness-run.js';

const signer = testSigner('log.example/log');
const forkEntry = (n: number): Uint8Array => testEntry(n === 3 ? 900 : n);

/** A log's server: shows one history, up to a size, with lines below its checkpoint. */
class Shown {
  log = new MemoryLog(signer);
  size = 0;
  lines = '';
  isDown = false;
  readonly told: { headers: IncomingMessage['headers']; body: string }[] = [];
  takes = true;
  server: Server | null = null;

  async listen(): Promise<string> {
    const server = createServer(serverIdentity(['localhost']), (request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => void this.#answer(request, body).then(([status, octets]) => response.writeHead(status).end(octets)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.server = server;
    return `https://localhost:${(server.address() as AddressInfo).port}`;
  }

  async #answer(request: IncomingMessage, body: string): Promise<[number, Uint8Array | string]> {
    const path = (request.url ?? '').replace('/log/', '');
    if (request.method === 'POST') {
      this.told.push({ headers: request.headers, body });
      return [this.takes ? 204 : 500, ''];
    }
    if (this.isDown) return [500, ''];
    if (path === 'checkpoint') return [200, this.log.note(this.size) + this.lines];
    const octets = await this.log.growTo(this.size).read(path);
    return octets === null ? [404, ''] : [200, octets];
  }

  close(): void {
    this.server?.close();
    this.server?.closeAllConnections();
  }
}

let folder: string;
let shown: Shown;
let url: string;
let ca: string;
let witness: RunWitness | null;

beforeEach(async () => {
  folder = await newFolder();
  ca = join(folder, 'ca.pem');
  await writeFile(ca, trust());
  shown = new Shown();
  url = await shown.listen();
  witness = null;
});

afterEach(async () => {
  shown.close();
  await witness?.stop();
  await removeFolder(folder);
});

const startWitness = async (now = () => Date.now()): Promise<RunWitness> => {
  await mkdir(join(folder, 'witness'));
  witness = await runWitness({ logs: [signer], directory: join(folder, 'witness'), now });
  return witness;
};

const cosigned = async (old: number, size: number, log = shown.log): Promise<string> => {
  const body = await log.request(old, size);
  const answer = await (witness as RunWitness).connection.call({ method: 'POST', path: '/add-checkpoint', body });
  expect(answer.status).toBe(200);
  return answer.body.toString();
};

const follow = async (more: Partial<FollowOptions> = {}) => {
  const options = { ca, logVkey: vkeyOf(signer), state: join(folder, 'state.json'), every: '60', once: true, ...more };
  const report = await auditFollow(url, options, new AbortController().signal);
  const { findings } = report.json as { findings: { kind: string; about: string }[] };
  return { code: report.code, found: findings.map(({ kind, about }) => `${kind} ${about}`) };
};

const state = async (): Promise<FollowState> => JSON.parse(await readFile(join(folder, 'state.json'), 'utf8')) as FollowState;

const HOLDS = { code: 0, found: [] };

describe('following a log', () => {
  test('that grows honestly finds nothing', async () => {
    for (const size of [0, 0, 4, 4, 300, 1000]) {
      shown.size = size;
      expect(await follow()).toEqual(HOLDS);
    }
    expect((await state()).last).toContain('\n1000\n');
  });

  test.each([
    ['a rollback', (log: Shown) => void (log.size = 9), 'rollback'],
    [
      'two roots for one size',
      (log: Shown) => {
        log.log = new MemoryLog(signer, forkEntry);
      },
      'two-roots',
    ],
    [
      'a fork',
      (log: Shown) => {
        log.log = new MemoryLog(signer, forkEntry);
        log.size = 30;
      },
      'fork',
    ],
    [
      'tiles that are not those of the checkpoint',
      (log: Shown) => {
        log.size = 30;
        log.log.growTo(30).put('tile/0/000.p/30', Buffer.alloc(30 * 32));
      },
      'fork',
    ],
  ])('finds %s, keeps what proves it, and keeps finding it', async (_name, turn, kind) => {
    shown.size = 10;
    await follow();
    const before = (await state()).last;
    turn(shown);
    for (let look = 0; look < 2; look += 1) expect(await follow()).toEqual({ code: 1, found: [`${kind} log`] });
    const { last, alarms } = await state();
    expect(last).toBe(before);
    expect(alarms).toHaveLength(1);
    expect(alarms[0]?.evidence).toEqual([before, shown.log.note(shown.size)]);
    shown.log = new MemoryLog(signer);
    shown.size = 30;
    expect(await follow()).toEqual(HOLDS);
    expect((await state()).alarms).toEqual([]);
  });

  test('finds that it cannot be read, or is not by its key', async () => {
    shown.size = 5;
    await follow();
    expect(await follow({ logVkey: vkeyOf(testSigner(signer.name, 'other')), state: join(folder, 'b.json') })).toEqual({
      code: 1,
      found: ['unreadable log'],
    });
    shown.isDown = true;
    expect(await follow()).toEqual({ code: 1, found: ['unreadable log'] });
    shown.isDown = false;
    expect(await follow()).toEqual(HOLDS);
  });

  test('does not begin anew over a state that is not one', async () => {
    await writeFile(join(folder, 'state.json'), '{}');
    await expect(follow()).rejects.toThrow(CannotRun);
  });
});

describe('with a witness', () => {
  const held = (): Partial<FollowOptions> => ({ witness: [witness?.handle.vkey ?? '', witness?.url ?? ''] });

  test('asks for the quorum, and for fresh cosignatures', async () => {
    await startWitness(() => Date.now() - 3_600_000);
    shown.size = 5;
    expect(await follow(held())).toEqual({ code: 1, found: ['quorum-missing log'] });
    shown.lines = await cosigned(0, 5);
    expect(await follow({ ...held(), maxAge: '7200' })).toEqual(HOLDS);
    expect(await follow({ ...held(), maxAge: '3000' })).toEqual({ code: 1, found: ['stale log'] });
    expect(await follow(held())).toEqual(HOLDS);
  });

  test('finds that it saw another history', async () => {
    await startWitness();
    const other = new MemoryLog(signer, forkEntry);
    shown.size = 20;
    await cosigned(0, 8, other);
    expect(await follow({ ...held(), quorum: '0' })).toEqual({ code: 1, found: ['fork witness.example/w1'] });
  });

  test('waits for the log to come to what it saw, and finds it when that is another', async () => {
    await startWitness();
    shown.size = 5;
    await cosigned(0, 9);
    expect(await follow({ ...held(), quorum: '0' })).toEqual(HOLDS);
    expect(Object.keys((await state()).ahead)).toEqual(['witness.example/w1']);
    shown.size = 9;
    expect(await follow({ ...held(), quorum: '0' })).toEqual(HOLDS);
    expect((await state()).ahead).toEqual({});
    await cosigned(9, 12);
    await follow({ ...held(), quorum: '0' });
    const fork = new MemoryLog(signer, (n) => testEntry(n === 11 ? 900 : n));
    shown.log = fork;
    shown.size = 12;
    expect(await follow({ ...held(), quorum: '0' })).toEqual({
      code: 1,
      found: ['two-roots witness.example/w1', 'two-roots witness.example/w1'],
    });
  });

  test('finds that it does not answer', async () => {
    await startWitness();
    shown.size = 5;
    const options = { ...held(), quorum: '0' };
    await witness?.stop();
    witness = null;
    expect(await follow(options)).toEqual({ code: 1, found: ['witness-unreadable witness.example/w1'] });
  });

  test('is named by a policy file, in its stead and not beside it', async () => {
    await startWitness();
    shown.size = 5;
    shown.lines = await cosigned(0, 5);
    const policy = join(folder, 'policy');
    await writeFile(policy, `log ${vkeyOf(signer)}\nwitness w ${witness?.handle.vkey} ${witness?.url}\nquorum w\n`);
    const alone = { ca, state: join(folder, 'state.json'), every: '60', once: true, policy };
    expect((await auditFollow(url, alone, new AbortController().signal)).code).toBe(0);
    await expect(follow({ policy })).rejects.toThrow('--policy stands for');
    await writeFile(policy, 'quorum w\n');
    await expect(auditFollow(url, alone, new AbortController().signal)).rejects.toThrow('malformed-policy');
  });
});

describe('the library', () => {
  test('follows a log from one note to the next', async () => {
    const client = new AuditClient({ url, ca: trust(), logVkey: vkeyOf(signer), patience: { attempts: 1, total: 1000 } });
    shown.size = 5;
    const first = await client.follow(null);
    shown.size = 50;
    const second = await client.follow(first.note);
    expect(second.size).toBe(50);
    shown.size = 40;
    await expect(client.follow(second.note)).rejects.toMatchObject({ reason: 'consistency-failed', detail: 'rollback' });
    shown.log = new MemoryLog(signer, forkEntry);
    shown.size = 60;
    await expect(client.follow(second.note)).rejects.toMatchObject({ reason: 'consistency-failed', detail: 'fork' });
    client.close();
    const witnessed = new AuditClient({ url, ca: trust(), logVkey: vkeyOf(signer), witnesses: [vkeyOf(testSigner('w'), 4)] });
    expect(await reasonOfPromise(() => witnessed.follow(null))).toBe('quorum-missing');
    witnessed.close();
  });
});

describe('the verb', () => {
  test('tells a webhook each alarm once, signed, and again until it is taken; ends at SIGTERM with what it found', async () => {
    const key = 'k'.repeat(40);
    await writeFile(join(folder, 'key'), `${key}\n`);
    process.env['NODE_EXTRA_CA_CERTS'] = ca;
    const args = ['--log-vkey', vkeyOf(signer), '--ca', ca, '--state', join(folder, 'state.json'), '--json'];
    const hook = ['--webhook', `${url}/hook`, '--webhook-key', join(folder, 'key')];
    const once = async (): Promise<number | null> => await new Verb('audit', 'follow', url, ...args, ...hook, '--once').exit;
    shown.size = 10;
    expect(await once()).toBe(0);
    expect(shown.told).toEqual([]);
    shown.size = 9;
    shown.takes = false;
    expect(await once()).toBe(1);
    expect(shown.told).toHaveLength(3);
    expect((await state()).alarms[0]?.told).toBe(false);
    // The condition is over, but nobody was told.
    shown.size = 11;
    expect(await once()).toBe(1);
    shown.takes = true;
    shown.told.splice(0);
    expect(await once()).toBe(0);
    expect(shown.told).toHaveLength(1);
    const [{ headers, body }] = shown.told as [(typeof shown.told)[0]];
    const stamp = String(headers['signpost-timestamp']);
    expect(headers['signpost-signature']).toBe(`sha256=${createHmac('sha256', key).update(`${stamp}.${body}`).digest('hex')}`);
    expect(JSON.parse(body)).toMatchObject({ kind: 'rollback', about: 'log' });
    shown.size = 8;
    const loop = new Verb('audit', 'follow', url, ...args, ...hook, '--every', '1');
    await loop.says('rollback');
    while (loop.out.length < 2) await new Promise((resolve) => setTimeout(resolve, 50));
    loop.child.kill('SIGTERM');
    expect(await loop.exit).toBe(1);
    expect(shown.told).toHaveLength(2);
    delete process.env['NODE_EXTRA_CA_CERTS'];
  });

  test.each([
    [['--webhook', 'http://a.example/', '--webhook-key', 'x']],
    [['--webhook', 'https://a.example/']],
    [['--every', '0']],
    [['--max-age', 'x']],
    [['--quorum', 'x']],
    [['--witness', 'x']],
  ])('could not be run with %j', async (more) => {
    expect(
      await new Verb('audit', 'follow', url, '--ca', ca, '--log-vkey', vkeyOf(signer), '--once', '--state', join(folder, 's'), ...more)
        .exit,
    ).toBe(2);
  });
});
