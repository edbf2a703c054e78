import { createHash } from 'node:crypto';
import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ConfigurationProblems } from '../../src/adapters/configuration/index.js';
import { EMPTY_ROOT, encodeAddCheckpoint, formatCheckpoint, parseCheckpoint, signNote, verifyNote } from '../../src/log/index.js';
import { startWitness } from '../../src/witness.js';
import { testEntry, testSigner, vkeyOf } from '../support/log-fixtures.js';
import { Verb } from '../support/verb.js';
import {
  MemoryLog,
  newFolder,
  removeFolder,
  runWitness,
  writeIdentity,
  type RunWitness,
  type WitnessSettings,
} from '../support/witness-run.js';

const signer = testSigner('log.example/log');
const stranger = testSigner('other.example/log');
const hashOf = (origin: string): string => createHash('sha256').update(origin).digest('hex');

let directory: string;
let running: RunWitness[] = [];
beforeEach(async () => {
  directory = await newFolder();
});
afterEach(async () => {
  for (const witness of running.splice(0)) await witness.stop();
  await removeFolder(directory);
});

const run = async (more: Partial<WitnessSettings> = {}): Promise<RunWitness> => {
  const witness = await runWitness({ logs: [signer], directory, ...more });
  running.push(witness);
  return witness;
};

const stop = async (witness: RunWitness): Promise<void> => {
  running = running.filter((other) => other !== witness);
  await witness.stop();
};

const post = async (witness: RunWitness, body: string): Promise<{ status: number; type: string; text: string; reason: string | null }> => {
  const { status, type, body: octets } = await witness.connection.call({ method: 'POST', path: '/add-checkpoint', body });
  const text = octets.toString('utf8');
  return { status, type, text, reason: status >= 400 && type.includes('problem') ? (JSON.parse(text) as { reason: string }).reason : null };
};

const kept = async (witness: RunWitness): Promise<string | null> => {
  const { status, body } = await witness.connection.call({ method: 'GET', path: `/${hashOf(signer.name)}/checkpoint` });
  return status === 200 ? body.toString('utf8') : null;
};

describe('a witness', () => {
  test('cosigns what continues, says what it knows, and shows it', async () => {
    const log = new MemoryLog(signer);
    const witness = await run();
    expect(await kept(witness)).toBeNull();
    for (const [old, size] of [
      [0, 1],
      [1, 1],
      [1, 300],
      [300, 7000],
    ] as const) {
      const { status, text } = await post(witness, await log.request(old, size));
      expect(status).toBe(200);
      const { lines } = verifyNote(`${log.note(size)}${text}`, [vkeyOf(signer), witness.handle.vkey]);
      expect(lines.map(({ key }) => key.name)).toEqual([signer.name, 'witness.example/w1']);
    }
    const behind = await post(witness, await log.request(300, 7001));
    expect(behind).toMatchObject({ status: 409, type: 'text/x.tlog.size', text: '7000\n' });
    const note = (await kept(witness)) ?? '';
    expect(verifyNote(note, [vkeyOf(signer), witness.handle.vkey]).lines).toHaveLength(2);
    expect(parseCheckpoint(note.slice(0, note.indexOf('\n\n') + 1)).size).toBe(7000);
  });

  test('takes an empty log, and only its one root', async () => {
    const witness = await run();
    const empty = (root: Uint8Array): string => signNote(formatCheckpoint({ origin: signer.name, size: 0, root }), [signer]);
    const ask = (root: Uint8Array) => post(witness, encodeAddCheckpoint({ oldSize: 0, proof: [], checkpoint: empty(root) }));
    expect(await ask(Buffer.alloc(32, 1))).toMatchObject({ status: 422, reason: 'consistency-failed' });
    expect(await kept(witness)).toBeNull();
    expect((await ask(EMPTY_ROOT)).status).toBe(200);
    expect((await post(witness, await new MemoryLog(signer).request(0, 3))).status).toBe(200);
  });

  test('refuses a fork, a rollback and two roots for one size, and keeps what it had', async () => {
    const log = new MemoryLog(signer);
    const fork = new MemoryLog(signer, (n) => testEntry(n === 4 ? 1000 : n));
    const witness = await run();
    await post(witness, await log.request(0, 10));
    const before = await kept(witness);
    expect(await post(witness, await fork.request(10, 10))).toMatchObject({ status: 422, reason: 'consistency-failed' });
    expect(await post(witness, await fork.request(10, 20))).toMatchObject({ status: 422, reason: 'consistency-failed' });
    expect(await post(witness, await fork.request(0, 10))).toMatchObject({ status: 409, text: '10\n' });
    expect(await post(witness, await log.request(0, 9))).toMatchObject({ status: 409, text: '10\n' });
    expect(await post(witness, await log.request(10, 9))).toMatchObject({ status: 400, reason: 'malformed-request' });
    expect(await kept(witness)).toBe(before);
    expect((await post(witness, await log.request(10, 20))).status).toBe(200);
  });

  test('refuses proofs that are too long, too short, or of something else', async () => {
    const log = new MemoryLog(signer);
    const witness = await run();
    await post(witness, await log.request(0, 10));
    const good = await log.request(10, 20);
    const lines = good.split('\n');
    for (const changed of [
      [lines[0], ...lines.slice(2)],
      [lines[0], lines[1], lines[1], ...lines.slice(2)],
      [lines[0], lines[2], lines[1], ...lines.slice(3)],
    ])
      expect(await post(witness, changed.join('\n'))).toMatchObject({ status: 422, reason: 'consistency-failed' });
    expect((await post(witness, good)).status).toBe(200);
    const fromNothing = new MemoryLog(testSigner('second.example/log'));
    const second = await run({ directory: await subfolder(), logs: [fromNothing.signer] });
    const [head, ...rest] = (await fromNothing.request(0, 5)).split('\n');
    const padded = [head, lines[1], ...rest].join('\n');
    expect(await post(second, padded)).toMatchObject({ status: 422, reason: 'consistency-failed' });
  });

  test('asks for a signature of the log, and that every one of it is good', async () => {
    const log = new MemoryLog(signer);
    const witness = await run();
    const body = (checkpoint: string): string => encodeAddCheckpoint({ oldSize: 0, proof: [], checkpoint });
    const unsigned = log.note(3, [testSigner('x.example')]);
    expect(await post(witness, body(unsigned))).toMatchObject({ status: 403, reason: 'untrusted-note' });
    const spoiled = `${log.note(3)}${log.note(2).split('\n\n')[1]}`;
    expect(await post(witness, body(spoiled))).toMatchObject({ status: 403, reason: 'untrusted-note' });
    const foreign = new MemoryLog(stranger);
    expect(await post(witness, await foreign.request(0, 3))).toMatchObject({ status: 404, reason: 'not-found' });
    expect(await post(witness, 'old 0\n')).toMatchObject({ status: 400, reason: 'malformed-request' });
    expect(await post(witness, body('no note'))).toMatchObject({ status: 400, reason: 'malformed-note' });
    expect(await post(witness, body(signNote('no checkpoint\n', [signer])))).toMatchObject({ status: 400, reason: 'malformed-checkpoint' });
    expect(await post(witness, body('x'.repeat(70_000)))).toMatchObject({ status: 413, reason: 'too-large' });
    expect(await kept(witness)).toBeNull();
    // Lines of others do not matter, and are not kept.
    expect((await post(witness, body(log.note(3, [testSigner('x.example'), signer])))).status).toBe(200);
    expect(await kept(witness)).not.toContain('x.example');
    const { status } = await witness.connection.call({ method: 'GET', path: `/${hashOf('nobody')}/checkpoint` });
    expect(status).toBe(404);
  });

  test('of many at once for one origin lets one history through', async () => {
    const logs = Array.from({ length: 8 }, (_, i) => new MemoryLog(signer, (n) => testEntry(n + i * 1000)));
    const witness = await run();
    const answers = await Promise.all(logs.map(async (log) => post(witness, await log.request(0, 5))));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status, text }) => status === 409 && text === '5\n')).toHaveLength(7);
  });

  test('never lets its time go back, over a restart too', async () => {
    const log = new MemoryLog(signer);
    let now = 1_795_500_000_000;
    const first = await run({ now: () => now });
    const timeOf = async (witness: RunWitness, old: number, size: number): Promise<bigint> => {
      const { text } = await post(witness, await log.request(old, size));
      return verifyNote(`${log.note(size)}${text}`, [witness.handle.vkey]).lines[0]?.time ?? 0n;
    };
    expect(await timeOf(first, 0, 2)).toBe(1_795_500_000n);
    now -= 60_000;
    expect(await timeOf(first, 2, 3)).toBe(1_795_500_000n);
    now += 61_000;
    expect(await timeOf(first, 3, 3)).toBe(1_795_500_001n);
    await stop(first);
    now -= 3_600_000;
    const second = await run({ now: () => now });
    expect(second.handle.vkey).toBe(first.handle.vkey);
    expect(await timeOf(second, 3, 3)).toBe(1_795_500_001n);
  });

  test('witnesses two logs, and a log under two keys, each by itself', async () => {
    const rotated = testSigner(signer.name, 'new key');
    const witness = await run({ logs: [signer, rotated, stranger] });
    expect((await post(witness, await new MemoryLog(signer).request(0, 4))).status).toBe(200);
    expect((await post(witness, await new MemoryLog(rotated).request(4, 6))).status).toBe(200);
    expect((await post(witness, await new MemoryLog(stranger).request(0, 9))).status).toBe(200);
  });
});

let folders = 0;
const subfolder = async (): Promise<string> => {
  const { mkdir } = await import('node:fs/promises');
  folders += 1;
  const folder = join(directory, `sub-${folders}`);
  await mkdir(folder);
  return folder;
};

describe('what a witness keeps', () => {
  test('is one key, readable to nobody else, of one name', async () => {
    const witness = await run();
    const key = join(directory, 'data/keys/witness.key');
    expect((await stat(key)).mode & 0o777).toBe(0o600);
    expect(witness.handle.vkey).toMatch(/^witness\.example\/w1\+[0-9a-f]{8}\+B/);
    await stop(witness);
    await expect(runWitness({ logs: [signer], directory, name: 'another.example/w1' })).rejects.toThrow(
      'it was made for witness.example/w1',
    );
  });

  test('is not given away: a missing key, a foreign or damaged checkpoint keep it from starting', async () => {
    const witness = await run();
    await post(witness, await new MemoryLog(signer).request(0, 4));
    await stop(witness);
    const [name = ''] = await readdir(join(directory, 'data/checkpoints'));
    expect(name).toBe(hashOf(signer.name));
    const path = join(directory, 'data/checkpoints', name);
    const good = await readFile(path);
    for (let at = 0; at < good.length; at += 37) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] as number) ^ 1;
      await writeFile(path, bad);
      const failure = await runWitness({ logs: [signer], directory }).then(
        async (started) => {
          const again = await post(started, await new MemoryLog(signer).request(4, 4));
          await started.stop();
          return again.status;
        },
        (error: unknown) => error,
      );
      // A changed bit in the log's own line, which is not ours, leaves the cosigned text as it was.
      if (failure !== 200) expect(failure).toBeInstanceOf(ConfigurationProblems);
    }
    await writeFile(path, good);
    const { rm } = await import('node:fs/promises');
    const key = join(directory, 'data/keys/witness.key');
    const pem = await readFile(key);
    await rm(key);
    await expect(runWitness({ logs: [signer], directory })).rejects.toThrow('keys/witness.key is missing');
    await writeFile(key, pem);
    expect((await post(await run(), await new MemoryLog(signer).request(4, 5))).status).toBe(200);
  });

  test('belongs to one process', async () => {
    await run();
    await expect(runWitness({ logs: [signer], directory })).rejects.toThrow('is held by process');
  });
});

describe('a witness does not start', () => {
  const settings = async () => ({
    dataDir: join(directory, 'data'),
    name: 'witness.example/w1',
    logs: [vkeyOf(signer)],
    ...(await writeIdentity(directory)),
    port: 0,
    log: (await import('pino')).pino({ level: 'silent' }),
  });

  test('without logs, with a key that is none, with a witness as a log, without its certificate', async () => {
    const good = await settings();
    const problem = (changes: object) =>
      startWitness({ ...good, ...changes }).then(
        () => [],
        (error: unknown) => (error as ConfigurationProblems).problems,
      );
    expect(await problem({ logs: [] })).toEqual([expect.stringContaining('no log is named')]);
    expect(await problem({ logs: ['x'] })).toEqual([expect.stringContaining('is no verifier key')]);
    expect(await problem({ logs: [vkeyOf(signer, 4)] })).toEqual([expect.stringContaining('is the key of a witness')]);
    expect(await problem({ name: 'two words' })).toEqual([expect.stringContaining('the name')]);
    expect(await problem({ tlsKey: join(directory, 'none') })).toEqual([expect.stringContaining('cannot be read')]);
    const handle = await startWitness(good);
    await handle.stop();
  });

  test('the verb: without TLS it does not run; with it, it says its key, and ends in order', async () => {
    const { tlsCert, tlsKey } = await writeIdentity(directory);
    const base = ['witness', '--data', join(directory, 'data'), '--port', '0', '--log', vkeyOf(signer), '--print-ready'];
    expect(await new Verb(...base).exit).toBe(2);
    const config = join(directory, 'logs.txt');
    await writeFile(config, `# logs\n${vkeyOf(stranger)} # another\n\n`);
    const verb = new Verb(...base, '--name', 'w.example/1', '--config', config, '--tls-cert', tlsCert, '--tls-key', tlsKey);
    const ready = JSON.parse(await verb.says('"ready"')) as { url: string; vkey: string };
    expect(ready.vkey).toMatch(/^w\.example\/1\+/);
    verb.child.kill('SIGTERM');
    expect(await verb.exit).toBe(0);
    for (const line of [...verb.out, ...verb.err]) expect(() => JSON.parse(line) as unknown).not.toThrow();
  });
});
