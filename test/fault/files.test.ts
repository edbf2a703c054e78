import { createHash } from 'node:crypto';
import { spawn, spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { FileVault, StorageFault, openWal, type DataDirectory, type FileSystem } from '../../src/adapters/files/index.js';
import { fsckDirectory } from '../../src/cli/audit-fsck-directory.js';
import { sealingContext } from '../../src/gateway/journal.js';
import { Publisher } from '../../src/gateway/publish.js';
import { Tree, leafHash, openCheckpoint, verifyTlogProof } from '../../src/log/index.js';
import { appendRefusals, openRun, runBatches, treeOf, type Progress } from '../support/data-run.js';
import { diskError, faultyFileSystem, type DiskStep, type Verdict } from '../support/faulty-file-system.js';
import { reasonOfPromise } from '../support/reasons.js';

const CHILD = join(process.cwd(), process.env['SIGNPOST_DIST'] ?? distOf(import.meta.url), 'test/support/append-child.js');

/** The folder that this test was built into. */
function distOf(url: string): string {
  return /\/(dist[^/]*)\/test\//.exec(url)?.[1] ?? 'dist';
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signpost-fault-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

let count = 0;
const newDirectory = (): string => {
  count += 1;
  return join(folder, `data-${count}`);
};

const opened: DataDirectory[] = [];
afterEach(async () => {
  for (const data of opened.splice(0)) await data.close();
});

const open = async (directory: string, fs?: FileSystem): Promise<DataDirectory> => {
  const data = await openRun(directory, fs);
  opened.push(data);
  return data;
};

/** After any crash: what was answered is there, opens, is published consistently, and fsck finds nothing. */
const checkRecovered = async (directory: string, before: Progress): Promise<number> => {
  const data = await open(directory);
  expect(data.wal.size).toBeGreaterThanOrEqual(before.committed);
  for await (const { index, record } of data.wal.read(0)) {
    const evidence = data.vault.open(record.keySlot, sealingContext(index), record.sealed);
    expect(Buffer.from(evidence ?? []).toString()).toBe(`evidence ${index}`);
  }
  const publisher = await Publisher.start(
    { wal: data.wal, storage: data.tiles, lastSigned: data.lastSigned, signer: data.keys.log },
    await treeOf(data),
  );
  expect(publisher.publishedSize).toBeGreaterThanOrEqual(before.published);
  const size = await publisher.publish();
  expect(size).toBe(data.wal.size);
  if (size > 0) {
    const proof = await publisher.inclusionProofText(size - 1);
    const { leaf } = await data.wal.get(size - 1);
    expect(verifyTlogProof({ proof, leafHash: leafHash(leaf), log: data.keys.logVkey }).size).toBe(size);
  }
  await data.snapshots.save(0, [], -1);
  for (const old of await data.snapshots.sizes()) await rm(join(directory, 'snapshot', data.snapshots.nameOf(old)));
  await opened.splice(opened.indexOf(data), 1)[0]?.close();
  expect((await fsckDirectory(directory, {})).problem).toBeNull();
  return size;
};

/** A process that dies at one step: nothing after it happens, and of a write only `octets`. */
const dyingAt = (step: number, octets: number): { fs: FileSystem; died: () => DiskStep | null } => {
  let dead: DiskStep | null = null;
  const fs = faultyFileSystem((now): Verdict => {
    if (dead === null && now.number !== step) return null;
    dead ??= now;
    return { error: new Error('the process is dead'), ...(now === dead ? { octets } : {}) };
  });
  return { fs, died: () => dead };
};

describe('a process that dies', () => {
  test('at any step of the disk loses nothing that it answered, and forks nothing', async () => {
    const steps: string[] = [];
    for (let step = 1; ; step += 1) {
      const directory = newDirectory();
      const { fs, died } = dyingAt(step, step % 3 === 0 ? 0 : step * 7);
      let progress: Progress = { committed: 0, published: 0 };
      let data: DataDirectory | null = null;
      try {
        data = await openRun(directory, fs);
        await runBatches(data, 2, 140, (now) => (progress = now));
        await data.close();
      } catch (error) {
        expect((error as Error).message).toBe('the process is dead');
        // The system closes the files of the dead.
        await data?.close().catch(() => undefined);
      }
      const at = died();
      if (at === null) break;
      steps.push(`${at.operation} ${at.path.slice(directory.length)}`);
      // This process lives on, so its lock would be honoured.
      await rm(join(directory, 'lock'), { force: true });
      await checkRecovered(directory, progress);
      await rm(directory, { recursive: true });
    }
    expect(steps.length).toBeGreaterThan(60);
    for (const part of ['wal/', 'tiles/', 'vault/', 'keys/', 'snapshot/', 'last-signed'])
      expect(steps.some((step) => step.includes(part))).toBe(true);
  }, 240_000);

  test.each([3, 25, 41, 47, 58, 66, 73, 90])('by SIGKILL at step %i is replaced by the next, which takes its lock over', async (step) => {
    const directory = newDirectory();
    const { stdout, signal } = spawnSync(process.execPath, [CHILD, directory, String(step)], { encoding: 'utf8' });
    expect(signal).toBe('SIGKILL');
    await checkRecovered(directory, lastProgress(stdout));
  });

  test('by SIGKILL from outside, at any moment, loses nothing that it answered', async () => {
    const directory = newDirectory();
    let last = 0;
    for (const delay of [300, 500, 400]) {
      const child = spawn(process.execPath, [CHILD, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
      while (lastProgress(text).committed < last + 60) await wait(5);
      await wait(delay % 97);
      const closed = new Promise((resolve) => child.on('close', resolve));
      child.kill('SIGKILL');
      await closed;
      last = await checkRecovered(directory, lastProgress(text));
    }
    expect(last).toBeGreaterThanOrEqual(180);
  });
});

const lastProgress = (text: string): Progress => {
  const [committed = 0, published = 0] = (text.slice(0, text.lastIndexOf('\n')).split('\n').at(-1) ?? '').split(' ').map(Number);
  return { committed, published };
};

test('a second process on the same data directory does not start', async () => {
  const directory = newDirectory();
  const data = await open(directory);
  await expect(openRun(directory)).rejects.toThrow(/lock is held by process/);
  const { status, stderr } = spawnSync(process.execPath, [CHILD, directory, '1000000'], { encoding: 'utf8' });
  expect(status).not.toBe(0);
  expect(stderr).toContain('is held by process');
  expect(data.wal.size).toBe(0);
});

describe('a disk that fails', () => {
  const failing = (fits: (step: DiskStep) => boolean, code: string): { fs: FileSystem; heal: () => void } => {
    let sick = true;
    return {
      fs: faultyFileSystem((step) => (sick && fits(step) ? { error: diskError(code)(step), octets: 30 } : null)),
      heal: () => (sick = false),
    };
  };

  const record = { leaf: Buffer.from('leaf'), sealed: Buffer.from('sealed'), keySlot: 1 };

  test.each([
    ['ENOSPC', 'write'],
    ['EIO', 'sync'],
    ['EROFS', 'write'],
  ])('with %s at a WAL %s stops the log for good, even when the disk is well again', async (code, operation) => {
    const directory = join(newDirectory(), 'wal');
    let armed = false;
    const { fs, heal } = failing((step) => armed && step.operation === operation, code);
    const wal = await openWal(directory, { fs });
    await wal.append(0, [record]);
    armed = true;
    const failure = await wal.append(1, [record, record]).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StorageFault);
    expect((failure as StorageFault).message).toMatch(new RegExp(`^cannot ${operation} .*0000000000000000\\.wal \\(${code}\\): .`));
    expect((failure as StorageFault).detail).toBe('storage fault');
    heal();
    expect(await reasonOfPromise(() => wal.append(1, [record]))).toBe('log-unavailable');
    expect(wal.size).toBe(1);
    await wal.close();
    const again = await openWal(directory);
    expect([1, 3]).toContain(again.size);
    await again.append(again.size, [record]);
    await again.close();
  });

  test('at a sync of the vault stops it for good: no key that may not be durable is used', async () => {
    const directory = join(newDirectory(), 'vault');
    let armed = false;
    const { fs, heal } = failing((step) => armed && step.operation === 'sync', 'EIO');
    const vault = await FileVault.open(directory, { vaultKey: Buffer.alloc(32, 1), clock: { now: () => 0 }, fs });
    armed = true;
    vault.newSlot();
    expect(await reasonOfPromise(() => vault.flush())).toBe('log-unavailable');
    heal();
    expect(await reasonOfPromise(() => vault.flush())).toBe('log-unavailable');
    expect(await reasonOfPromise(() => Promise.resolve().then(() => vault.newSlot()))).toBe('log-unavailable');
    await vault.close();
  });

  test('under the publisher stops it for good, and the next start publishes', async () => {
    const directory = newDirectory();
    let armed = false;
    const { fs, heal } = failing((step) => armed && step.operation === 'write' && step.path.includes('tiles'), 'ENOSPC');
    const data = await open(directory, fs);
    const publisher = await Publisher.start(
      { wal: data.wal, storage: data.tiles, lastSigned: data.lastSigned, signer: data.keys.log },
      new Tree(),
    );
    await publisher.publish();
    await data.wal.append(0, [record]);
    armed = true;
    expect(await reasonOfPromise(() => publisher.publish())).toBe('log-unavailable');
    heal();
    expect(await reasonOfPromise(() => publisher.publish())).toBe('log-unavailable');
    expect(publisher.publishedSize).toBe(0);
    const next = await Publisher.start(
      { wal: data.wal, storage: data.tiles, lastSigned: data.lastSigned, signer: data.keys.log },
      await treeOf(data),
    );
    expect(await next.publish()).toBe(1);
  });
});

describe('the publisher', () => {
  const start = async (data: DataDirectory, tree?: Tree): Promise<Publisher> =>
    Publisher.start(
      { wal: data.wal, storage: data.tiles, lastSigned: data.lastSigned, signer: data.keys.log },
      tree ?? (await treeOf(data)),
    );

  const filled = async (batches: number): Promise<{ directory: string; data: DataDirectory }> => {
    const directory = newDirectory();
    const data = await open(directory);
    await runBatches(data, batches, 60, () => undefined);
    return { directory, data };
  };

  const closed = async (data: DataDirectory): Promise<void> => {
    opened.splice(opened.indexOf(data), 1);
    await data.close();
  };

  test('answers for an entry once it is published, and says what is not there', async () => {
    const { data } = await filled(3);
    const publisher = await start(data);
    expect(publisher.publishedSize).toBe(120);
    const { leaf } = await data.wal.get(119);
    expect(
      verifyTlogProof({ proof: await publisher.inclusionProofText(119), leafHash: leafHash(leaf), log: data.keys.logVkey }).index,
    ).toBe(119);
    expect(await reasonOfPromise(() => publisher.inclusionProofText(120))).toBe('not-published');
    expect(await reasonOfPromise(() => publisher.inclusionProofText(180))).toBe('not-found');
    expect(await publisher.publish()).toBe(180);
    expect(await publisher.publish()).toBe(180);
    expect((await publisher.inclusionProofText(120)).length).toBeGreaterThan(0);
  });

  test('does not start on a WAL that is shorter than what was signed', async () => {
    const { directory, data } = await filled(4);
    await closed(data);
    const wal = join(directory, 'wal', '0000000000000000.wal');
    await writeFile(wal, (await readFile(wal)).subarray(0, 3000));
    const again = await open(directory);
    expect(again.wal.size).toBeLessThan(240);
    expect(await reasonOfPromise(() => start(again))).toBe('log-corrupt');
    expect((await fsckDirectory(directory, {})).problem).not.toBeNull();
  });

  test('does not start on a WAL with another history, as long as the signed one or longer', async () => {
    const { directory, data } = await filled(4);
    await closed(data);
    const other = newDirectory();
    await cp(directory, other, { recursive: true });
    await rm(join(other, 'wal'), { recursive: true });
    const forged = await openWal(join(other, 'wal'));
    const source = await openWal(join(directory, 'wal'), { readOnly: true });
    const records = [];
    for await (const { record } of source.read(0)) records.push(record);
    await source.close();
    for (const swapped of [[records[1], records[0], ...records.slice(2)], records]) {
      await rm(join(other, 'wal'), { recursive: true, force: true });
      const writer = await openWal(join(other, 'wal'));
      await writer.append(
        0,
        swapped.filter((record) => record !== undefined),
      );
      await writer.close();
      const again = await open(other);
      expect(await reasonOfPromise(() => start(again))).toBe(swapped === records ? null : 'log-corrupt');
      await closed(again);
    }
    await forged.close();
  });

  test('does not start when the register is lost but a checkpoint is out, or is not of its key', async () => {
    const { directory, data } = await filled(2);
    await closed(data);
    const path = join(directory, 'last-signed');
    const saved = await readFile(path);
    await rm(path);
    const lost = await open(directory);
    expect(await reasonOfPromise(() => start(lost))).toBe('log-corrupt');
    await writeFile(path, saved.toString('utf8').replace('\n120\n', '\n119\n'));
    expect(await reasonOfPromise(() => start(lost))).toBe('log-corrupt');
    await writeFile(path, saved);
    expect((await start(lost)).publishedSize).toBe(120);
  });

  test('does not start when its tree is not that of the WAL', async () => {
    const { data } = await filled(2);
    expect(await reasonOfPromise(() => start(data, new Tree()))).toBe('log-corrupt');
    expect((await start(data)).publishedSize).toBe(120);
  });

  test('makes lost or damaged tiles again from the WAL, the same as they were', async () => {
    const { directory, data } = await filled(10);
    const before = await filesBelow(join(directory, 'tiles/tile'));
    const checkpoint = await readFile(join(directory, 'tiles/checkpoint'));
    await rm(join(directory, 'tiles/tile'), { recursive: true });
    await rm(join(directory, 'tiles/checkpoint'));
    await closed(data);
    const again = await open(directory);
    const publisher = await start(again);
    expect(publisher.publishedSize).toBe(600);
    const after = await filesBelow(join(directory, 'tiles/tile'));
    expect([...after.keys()]).toEqual(expect.arrayContaining(['0/000', '0/002.p/88', '1/000.p/2', 'entries/001', 'entries/002.p/88']));
    for (const [path, text] of after) expect([path, before.get(path) === text]).toEqual([path, true]);
    expect((await readFile(join(directory, 'tiles/checkpoint'))).equals(checkpoint)).toBe(true);
    const partial = join(directory, 'tiles/tile/entries/002.p/88');
    const octets = await readFile(partial);
    octets[9] = (octets[9] as number) ^ 1;
    await writeFile(partial, octets);
    expect((await start(again)).publishedSize).toBe(600);
    expect((await filesBelow(join(directory, 'tiles/tile'))).get('entries/002.p/88') === before.get('entries/002.p/88')).toBe(true);
  });

  test('removes partial tiles that a full one replaced', async () => {
    const { directory } = await filled(10);
    const left = [...(await filesBelow(join(directory, 'tiles/tile'))).keys()];
    expect(left.filter((path) => path.includes('/000.p/') && !path.startsWith('1/'))).toEqual([]);
    expect(left).toContain('entries/002.p/88');
  });
});

const filesBelow = async (root: string): Promise<Map<string, string>> => {
  const files = new Map<string, string>();
  for (const name of (await readdir(root, { recursive: true })).toSorted()) {
    if ((await stat(join(root, name))).isFile()) files.set(name, (await readFile(join(root, name))).toString('base64'));
  }
  return files;
};

test('audit fsck names the file in which a bit is flipped, in every class of file', async () => {
  const directory = newDirectory();
  const data = await openRun(directory);
  await runBatches(data, 7, 60, () => undefined);
  await rm(join(directory, 'snapshot'), { recursive: true });
  await data.snapshots.save(1, [Buffer.from('a snapshot')], -1);
  await data.close();
  const classes: readonly (readonly [string, number])[] = [
    ['wal/0000000000000000.wal', 5000],
    ['wal/0000000000000000.wal', 30],
    ['tiles/checkpoint', 20],
    ['tiles/tile/0/000', 777],
    ['tiles/tile/0/001.p/104', 64],
    ['tiles/tile/1/000.p/1', 3],
    ['tiles/tile/entries/000', 4000],
    ['tiles/tile/entries/001.p/104', 900],
    ['vault/keys', 200],
    ['vault/keys', 10],
    ['snapshot/0000000000000001.snapshot', 6],
    ['evidence/0000000000000000.wal', 700],
    [`evidence/documents/${createHash('sha256').update('policy').digest('hex')}`, 3],
    ['last-signed', 25],
    ['keys/pepper', 4],
    ['keys/vault.key', 12],
    ['keys/log.key', 60],
    ['keys/receipt.key', 60],
    ['keys/public.json', 12],
  ];
  for (const [path, at] of classes) {
    const file = join(directory, path);
    const saved = await readFile(file);
    const flipped = Buffer.from(saved);
    flipped[at] = (flipped[at] as number) ^ 0x02;
    await writeFile(file, flipped);
    const { problem } = await fsckDirectory(directory, {});
    expect([path, problem?.path]).toEqual([path, path.replace(/^tiles\//, '')]);
    await writeFile(file, saved);
  }
});

test('audit fsck runs beside a gateway that writes, and finds nothing', async () => {
  const directory = newDirectory();
  const data = await open(directory);
  await runBatches(data, 2, 60, () => undefined);
  await rm(join(directory, 'snapshot'), { recursive: true, force: true });
  const stop = new AbortController();
  const writing = (async () => {
    const publisher = await Publisher.start(
      { wal: data.wal, storage: data.tiles, lastSigned: data.lastSigned, signer: data.keys.log },
      await treeOf(data),
    );
    const record = await data.wal.get(0);
    while (!stop.signal.aborted) {
      const time = Buffer.from(record.leaf)
        .toString()
        .replace('"t":1795500000000', `"t":${1_795_600_000_000 + data.wal.size}`);
      await appendRefusals(data, [Buffer.from(time)]);
      await publisher.publish();
    }
    return publisher.publishedSize;
  })();
  for (let round = 0; round < 8; round += 1) expect((await fsckDirectory(directory, {})).problem).toBeNull();
  stop.abort();
  expect(await writing).toBeGreaterThan(120);
  expect(Number(openCheckpoint(await readFile(join(directory, 'tiles/checkpoint')), data.keys.logVkey).size)).toBe(data.wal.size);
});
