import { createHash, randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  DirectoryLock,
  FileClassStorage,
  FileLogStorage,
  FileRegister,
  FileSnapshotStorage,
  FileVault,
  StorageFault,
  openKeys,
  openWal,
  type FileWal,
} from '../../src/adapters/files/index.js';
import type { WalRecord } from '../../src/ports/index.js';
import { reasonOf, reasonOfPromise } from '../support/reasons.js';

const folders: string[] = [];

const newFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'signpost-files-'));
  folders.push(folder);
  return folder;
};

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

const recordOf = (n: number): WalRecord => ({
  leaf: Buffer.from(`{"leaf":${n}}`),
  sealed: Buffer.from(`sealed ${n} `.repeat(n % 7)),
  keySlot: n * 1000,
});
const recordsOf = (from: number, count: number): WalRecord[] => Array.from({ length: count }, (_, i) => recordOf(from + i));

const readAll = async (wal: FileWal, from = 0): Promise<{ index: number; record: WalRecord }[]> => {
  const all = [];
  for await (const { index, record } of wal.read(from)) {
    all.push({ index, record: { leaf: Buffer.from(record.leaf), sealed: Buffer.from(record.sealed), keySlot: record.keySlot } });
  }
  return all;
};

const expected = (from: number, to: number): { index: number; record: WalRecord }[] =>
  recordsOf(from, to - from).map((record, i) => ({ index: from + i, record }));

const withWal = async <T>(directory: string, work: (wal: FileWal) => Promise<T>, segmentOctets?: number): Promise<T> => {
  const wal = await openWal(directory, segmentOctets === undefined ? {} : { segmentOctets });
  try {
    return await work(wal);
  } finally {
    await wal.close();
  }
};

const detailOf = async (call: () => Promise<unknown>): Promise<string | undefined> => {
  try {
    await call();
  } catch (error) {
    return (error as { detail?: string }).detail;
  }
  return undefined;
};

const flip = async (path: string, at: number): Promise<void> => {
  const octets = await readFile(path);
  octets[at] = (octets[at] as number) ^ 0x08;
  await writeFile(path, octets);
};

describe('the write-ahead log', () => {
  test('gives back every record, in order, from any index, across segments and restarts', async () => {
    const directory = join(await newFolder(), 'wal');
    for (let batch = 0; batch < 12; batch += 1) {
      await withWal(directory, (wal) => wal.append(batch * 17, recordsOf(batch * 17, 17)), 900);
    }
    expect((await readdir(directory)).length).toBeGreaterThan(3);
    await withWal(directory, async (wal) => {
      expect(wal.size).toBe(204);
      for (const from of [0, 1, 16, 17, 100, 203, 204, 1000]) expect(await readAll(wal, from)).toEqual(expected(from, Math.max(from, 204)));
      for (const index of [0, 1, 50, 203, 7]) expect(Buffer.from((await wal.get(index)).leaf).toString()).toBe(`{"leaf":${index}}`);
      for (const index of [204, -1, 0.5]) expect(await reasonOfPromise(() => wal.get(index))).toBe('not-found');
    });
  });

  test('drops what lies beyond its limit, whole segments too, and goes on from there', async () => {
    const directory = join(await newFolder(), 'wal');
    await withWal(
      directory,
      async (wal) => {
        for (const from of [0, 17, 34, 51]) await wal.append(from, recordsOf(from, 17));
      },
      300,
    );
    const segments = (await readdir(directory)).length;
    expect(segments).toBeGreaterThan(3);
    const beside = await openWal(directory, { readOnly: true, limit: 17 });
    expect([beside.size, (await readdir(directory)).length]).toEqual([17, segments]);
    await beside.close();
    for (const size of [17, 20]) {
      const wal = await openWal(directory, { segmentOctets: 300, limit: size });
      expect([wal.size, await readAll(wal)]).toEqual([size, expected(0, size)]);
      if (size === 17) await wal.append(17, recordsOf(17, 3));
      await wal.close();
    }
  });

  test('appends only at the size that the writer expects, and two writers never interleave', async () => {
    await withWal(join(await newFolder(), 'wal'), async (wal) => {
      const outcomes = await Promise.allSettled([
        wal.append(0, recordsOf(0, 2)),
        wal.append(0, recordsOf(0, 3)),
        wal.append(2, recordsOf(2, 1)),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(await readAll(wal)).toEqual(expected(0, 3));
    });
  });

  test('a reader beside the writer sees what is durable, and changes nothing', async () => {
    const directory = join(await newFolder(), 'wal');
    await withWal(directory, async (wal) => {
      await wal.append(0, recordsOf(0, 5));
      const reader = await openWal(directory, { readOnly: true });
      await wal.append(5, recordsOf(5, 5));
      expect(await readAll(reader)).toEqual(expected(0, 5));
      expect(await reasonOfPromise(() => reader.append(5, recordsOf(5, 1)))).toBe('log-unavailable');
      await reader.close();
      expect(wal.size).toBe(10);
    });
  });

  test('cut off at any octet of the last batch drops that batch and nothing else', async () => {
    const folder = await newFolder();
    const [whole, cut] = [join(folder, 'whole'), join(folder, 'cut')];
    await withWal(whole, async (wal) => {
      await wal.append(0, recordsOf(0, 3));
      await wal.append(3, recordsOf(3, 2));
    });
    const name = '0000000000000000.wal';
    const { size } = await stat(join(whole, name));
    await mkdir(cut);
    let sizes = new Set<number>();
    for (let length = 0; length < size; length += 1) {
      await copyFile(join(whole, name), join(cut, name));
      await truncate(join(cut, name), length);
      await withWal(cut, async (wal) => {
        sizes.add(wal.size);
        expect(await readAll(wal)).toEqual(expected(0, wal.size));
        await wal.append(wal.size, recordsOf(wal.size, 1));
        expect(wal.size).toBeLessThanOrEqual(4);
      });
      await rm(join(cut, name));
    }
    expect([...sizes]).toEqual([0, 3]);
    sizes = new Set();
  });

  test('with sectors of the last batch that were never written drops that batch', async () => {
    const folder = await newFolder();
    const directory = join(folder, 'wal');
    const path = join(directory, '0000000000000000.wal');
    await withWal(directory, async (wal) => {
      await wal.append(0, recordsOf(0, 3));
      await wal.append(3, [{ leaf: randomBytes(1000), sealed: randomBytes(3000), keySlot: 1 }]);
    });
    const whole = await readFile(path);
    for (let sector = 512; sector < whole.length; sector += 512) {
      const torn = Buffer.from(whole);
      torn.fill(0, sector, Math.min(whole.length, sector + 512));
      await writeFile(path, torn);
      expect([sector, await withWal(directory, (wal) => Promise.resolve(wal.size))]).toEqual([sector, 3]);
    }
    await writeFile(path, whole);
    expect(await withWal(directory, (wal) => Promise.resolve(wal.size))).toBe(4);
  });

  test('with one bit flipped in any octet is refused, naming file and offset: an acknowledged batch is never dropped', async () => {
    const folder = await newFolder();
    const [whole, directory] = [join(folder, 'whole'), join(folder, 'wal')];
    const name = '0000000000000000.wal';
    await withWal(whole, async (wal) => {
      await wal.append(0, recordsOf(0, 2));
      await wal.append(2, recordsOf(2, 2));
    });
    await mkdir(directory);
    const octets = await readFile(join(whole, name));
    for (let at = 0; at < octets.length; at += 1) {
      const changed = Buffer.from(octets);
      changed[at] = (changed[at] as number) ^ 0x20;
      await writeFile(join(directory, name), changed);
      const detail = await detailOf(() => withWal(directory, (wal) => readAll(wal)));
      expect([at, detail]).toEqual([at, expect.stringMatching(/^wal\/0000000000000000\.wal is broken at offset [0-9]+$/)]);
    }
  });

  test('with damage in an older segment, or without one, is refused when it is read', async () => {
    const directory = join(await newFolder(), 'wal');
    await withWal(
      directory,
      async (wal) => {
        for (let batch = 0; batch < 9; batch += 1) await wal.append(batch * 5, recordsOf(batch * 5, 5));
      },
      300,
    );
    const names = (await readdir(directory)).toSorted();
    const second = join(directory, names[1] as string);
    const saved = await readFile(second);
    await flip(second, 60);
    expect(await detailOf(() => withWal(directory, (wal) => readAll(wal)))).toContain(names[1]);
    await writeFile(second, saved.subarray(0, saved.length - 1));
    expect(await reasonOfPromise(() => withWal(directory, (wal) => readAll(wal)))).toBe('log-corrupt');
    await rm(second);
    expect(await reasonOfPromise(() => withWal(directory, (wal) => readAll(wal)))).toBe('log-corrupt');
    await writeFile(second, saved);
    expect(await withWal(directory, (wal) => readAll(wal))).toEqual(expected(0, 45));
    await rm(join(directory, names[0] as string));
    expect(await reasonOfPromise(() => openWal(directory))).toBe('log-corrupt');
  });

  test('a segment that a crash left without its head is made again', async () => {
    const directory = join(await newFolder(), 'wal');
    await withWal(directory, (wal) => wal.append(0, recordsOf(0, 2)));
    for (const octets of [Buffer.alloc(0), Buffer.alloc(20), Buffer.from('SPWAL')]) {
      await writeFile(join(directory, '0000000000000002.wal'), octets);
      expect(await withWal(directory, (wal) => readAll(wal))).toEqual(expected(0, 2));
    }
  });

  test('stops for good when another process has written to its file', async () => {
    const directory = join(await newFolder(), 'wal');
    const first = await openWal(directory);
    await first.append(0, recordsOf(0, 1));
    await withWal(directory, (second) => second.append(1, recordsOf(1, 1)));
    expect(await reasonOfPromise(() => first.append(1, recordsOf(9, 1)))).toBe('log-unavailable');
    await first.close();
    expect(await withWal(directory, (wal) => readAll(wal))).toEqual(expected(0, 2));
  });
});

describe('published files', () => {
  test('are what was written, and null where nothing was', async () => {
    const storage = await FileLogStorage.open(join(await newFolder(), 'tiles'));
    await storage.write('tile/0/x001/234.p/7', Buffer.from('tile'));
    await storage.write('checkpoint', Buffer.from('one'));
    await storage.write('checkpoint', Buffer.from('two'));
    expect(Buffer.from((await storage.read('checkpoint')) ?? []).toString()).toBe('two');
    expect(Buffer.from((await storage.read('tile/0/x001/234.p/7')) ?? []).toString()).toBe('tile');
    expect(await storage.read('tile/0/x001/234')).toBeNull();
    await storage.remove('tile/0/x001/234.p/7');
    await storage.remove('tile/0/x001/234.p/7');
    expect(await storage.read('tile/0/x001/234.p/7')).toBeNull();
  });

  test('never lie outside their folder', async () => {
    const storage = await FileLogStorage.open(join(await newFolder(), 'tiles'));
    for (const path of [
      '../secret',
      '/etc/passwd',
      'tile/../../secret',
      'tile/0/000/../../../../secret',
      'tile\\0',
      '',
      'tmp/1',
      'tile/0/000\0',
    ]) {
      expect(await storage.read(path)).toBeNull();
      expect(await reasonOfPromise(() => storage.write(path, Buffer.from('x')))).toBe('not-found');
      expect(await reasonOfPromise(() => storage.remove(path))).toBe('not-found');
    }
  });

  test('a register is replaced whole', async () => {
    const register = new FileRegister(join(await newFolder(), 'last-signed'));
    expect(await register.read()).toBeNull();
    await Promise.all([register.write(Buffer.from('one')), register.write(Buffer.from('two'))]);
    expect(Buffer.from((await register.read()) ?? []).toString()).toBe('two');
  });
});

describe('snapshots', () => {
  const partsOf = (loaded: { parts: Iterable<Uint8Array> } | null): string[] => {
    const parts = [];
    for (const part of loaded?.parts ?? []) parts.push(Buffer.from(part).toString());
    return parts;
  };

  test('give back their parts; the newest that is not longer than asked for; two are kept', async () => {
    const directory = join(await newFolder(), 'snapshot');
    const storage = new FileSnapshotStorage(directory);
    expect(await storage.load(10)).toBeNull();
    for (const size of [10, 20, 30]) await storage.save(size, [Buffer.from(`of ${size}`), Buffer.alloc(0), Buffer.from('end')], -1);
    expect(await readdir(directory)).toHaveLength(2);
    expect(partsOf(await storage.load(35))).toEqual(['of 30', '', 'end']);
    expect((await storage.load(29))?.size).toBe(20);
    expect(await storage.load(19)).toBeNull();
  });

  test('that do not cover an erasure are gone once one that does is saved', async () => {
    const directory = join(await newFolder(), 'snapshot');
    const storage = new FileSnapshotStorage(directory);
    for (const size of [10, 20]) await storage.save(size, [Buffer.from(`of ${size}`)], -1);
    await storage.save(21, [Buffer.from('of 21')], 20);
    expect(await storage.sizes()).toEqual([21]);
    await storage.save(30, [Buffer.from('of 30')], 20);
    expect(await storage.sizes()).toEqual([30, 21]);
  });

  test('with any bit flipped, or cut off anywhere, are passed over for the one before', async () => {
    const directory = join(await newFolder(), 'snapshot');
    const storage = new FileSnapshotStorage(directory);
    await storage.save(1, [Buffer.from('one')], -1);
    await storage.save(2, [Buffer.from('two')], -1);
    const path = join(directory, '0000000000000002.snapshot');
    const whole = await readFile(path);
    for (let at = 0; at < whole.length; at += 1) {
      await writeFile(path, whole);
      await flip(path, at);
      expect((await storage.load(2))?.size).toBe(1);
      await writeFile(path, whole.subarray(0, at));
      expect((await storage.load(2))?.size).toBe(1);
    }
    await writeFile(path, whole);
    expect((await storage.load(2))?.size).toBe(2);
  });
});

const recordsIn = async (storage: FileClassStorage): Promise<Uint8Array[]> => {
  const records: Uint8Array[] = [];
  for await (const octets of storage.read()) records.push(Buffer.from(octets));
  return records;
};

describe('credential classes', () => {
  test('that were appended together are flushed, however large they are in all, and read back under their numbers', async () => {
    const folder = await newFolder();
    const storage = await FileClassStorage.open(folder);
    const octets = Array.from({ length: 700 }, (_, n) => Buffer.alloc(60_000, n));
    expect(octets.map((one) => storage.append(one))).toEqual(octets.map((_, n) => n));
    await storage.flush();
    expect(storage.append(Buffer.from('small'))).toBe(700);
    await storage.flush();
    await storage.close();
    const again = await FileClassStorage.open(folder);
    const digests = (all: readonly Uint8Array[]): string[] => all.map((one) => createHash('sha256').update(one).digest('hex'));
    expect(digests(await recordsIn(again))).toEqual(digests([...octets, Buffer.from('small')]));
    expect(again.append(Buffer.from('next'))).toBe(701);
    await again.close();
  });
});

describe('the vault', () => {
  const vaultKey = Buffer.alloc(32, 3);
  const context = Buffer.from('context');
  const DAY = 86_400_000;
  const open = (directory: string, day = 100, key: Uint8Array = vaultKey): Promise<FileVault> =>
    FileVault.open(directory, { vaultKey: key, clock: { now: () => day * DAY } });
  const text = (octets: Uint8Array | null): string | null => (octets === null ? null : Buffer.from(octets).toString());

  test('opens what it sealed, before and after a restart, and under no other context or slot', async () => {
    const directory = join(await newFolder(), 'vault');
    const vault = await open(directory);
    const [one, two] = [vault.newSlot(), vault.newSlot()];
    const sealed = vault.seal(one, context, Buffer.from('secret'));
    expect(text(vault.open(one, context, sealed))).toBe('secret');
    await vault.flush();
    await vault.close();
    const again = await open(directory);
    expect(text(again.open(one, context, sealed))).toBe('secret');
    expect(reasonOf(() => again.open(one, Buffer.from('other'), sealed))).toBe('log-corrupt');
    expect(reasonOf(() => again.open(two, context, sealed))).toBe('log-corrupt');
    expect(reasonOf(() => again.open(99, context, sealed))).toBe('log-corrupt');
    expect(reasonOf(() => again.open(0, context, sealed))).toBe('log-corrupt');
    expect(again.newSlot()).toBe(two + 1);
    await again.close();
  });

  test('what was sealed under an erased key is gone, at once and after a restart; its slot is not used again', async () => {
    const directory = join(await newFolder(), 'vault');
    const vault = await open(directory);
    const [one, two] = [vault.newSlot(), vault.newSlot()];
    const sealed = [one, two].map((slot) => vault.seal(slot, context, Buffer.from('secret')));
    await vault.flush();
    await vault.erase(one);
    expect(vault.open(one, context, sealed[0] as Uint8Array)).toBeNull();
    expect(text(vault.open(two, context, sealed[1] as Uint8Array))).toBe('secret');
    const never = vault.newSlot();
    await vault.erase(never);
    await vault.close();
    const again = await open(directory);
    expect(again.open(one, context, sealed[0] as Uint8Array)).toBeNull();
    expect(text(again.open(two, context, sealed[1] as Uint8Array))).toBe('secret');
    expect(again.newSlot()).toBe(never + 1);
    const file = await readFile(join(directory, 'keys'));
    expect(file.subarray(one * 64, one * 64 + 64).equals(Buffer.alloc(64, 0xee))).toBe(true);
    await again.close();
  });

  test.each([1, 16, 32, 60])(
    'a key that was being erased when the process ended, %d octets of it, is gone, and overwritten at the next start',
    async (octets) => {
      const directory = join(await newFolder(), 'vault');
      const vault = await open(directory);
      const [one, two] = [vault.newSlot(), vault.newSlot()];
      const sealed = [one, two].map((slot) => vault.seal(slot, context, Buffer.from('secret')));
      await vault.flush();
      await vault.close();
      const path = join(directory, 'keys');
      const file = await readFile(path);
      await writeFile(path, file.fill(0xee, one * 64, one * 64 + octets));
      const again = await open(directory);
      await again.check();
      expect(again.open(one, context, sealed[0] as Uint8Array)).toBeNull();
      expect(text(again.open(two, context, sealed[1] as Uint8Array))).toBe('secret');
      await again.close();
      expect((await readFile(path)).subarray(one * 64, one * 64 + 64).equals(Buffer.alloc(64, 0xee))).toBe(true);
    },
  );

  test('a key with a day is destroyed when the day is over, by itself', async () => {
    const directory = join(await newFolder(), 'vault');
    const vault = await open(directory, 100);
    const [dated, lasting] = [vault.newSlot(101), vault.newSlot()];
    const sealed = [dated, lasting].map((slot) => vault.seal(slot, context, Buffer.from('evidence')));
    await vault.flush();
    await vault.close();
    const sameDay = await open(directory, 101);
    expect(text(sameDay.open(dated, context, sealed[0] as Uint8Array))).toBe('evidence');
    await sameDay.close();
    const nextDay = await open(directory, 102);
    expect(nextDay.open(dated, context, sealed[0] as Uint8Array)).toBeNull();
    expect(text(nextDay.open(lasting, context, sealed[1] as Uint8Array))).toBe('evidence');
    await nextDay.close();
    const back = await open(directory, 100);
    expect(back.open(dated, context, sealed[0] as Uint8Array)).toBeNull();
    await back.close();
  });

  test('with one bit flipped in any octet of a key is refused, naming the slot; and so is another vault key', async () => {
    const directory = join(await newFolder(), 'vault');
    const vault = await open(directory);
    const slot = vault.newSlot();
    const sealed = vault.seal(slot, context, Buffer.from('secret'));
    await vault.flush();
    await vault.close();
    const path = join(directory, 'keys');
    const whole = await readFile(path);
    for (let at = 64; at < 128; at += 1) {
      await writeFile(path, whole);
      await flip(path, at);
      const damaged = await open(directory, 1);
      expect([at, await detailOf(() => damaged.check())]).toEqual([at, 'vault/keys is broken at slot 1']);
      expect(reasonOf(() => damaged.open(slot, context, sealed))).toBe('log-corrupt');
      await damaged.close();
    }
    for (let at = 0; at < 64; at += 1) {
      await writeFile(path, whole);
      await flip(path, at);
      expect([at, await reasonOfPromise(() => open(directory))]).toEqual([at, 'log-corrupt']);
    }
    await writeFile(path, whole);
    expect(await reasonOfPromise(() => open(directory, 1, Buffer.alloc(32, 4)))).toBe('log-corrupt');
    const sound = await open(directory);
    await sound.check();
    expect(text(sound.open(slot, context, sealed))).toBe('secret');
    await sound.close();
  });

  test('a flush that a crash cut short at any octet leaves the keys before it', async () => {
    const directory = join(await newFolder(), 'vault');
    const vault = await open(directory);
    const slot = vault.newSlot();
    const sealed = vault.seal(slot, context, Buffer.from('secret'));
    await vault.flush();
    vault.newSlot();
    vault.newSlot();
    await vault.flush();
    await vault.close();
    const path = join(directory, 'keys');
    const whole = await readFile(path);
    for (let length = 128; length < whole.length; length += 1) {
      await writeFile(path, whole.subarray(0, length));
      const cut = await open(directory);
      expect(text(cut.open(slot, context, sealed))).toBe('secret');
      await cut.check();
      await cut.close();
    }
  });
});

describe('keys', () => {
  test('are made once, for their owner alone, and are the same at the next start', async () => {
    const directory = join(await newFolder(), 'keys');
    const first = await openKeys(directory, { origin: 'dp.example/log', mayCreate: true });
    const again = await openKeys(directory, { origin: 'dp.example/log', mayCreate: true });
    expect([again.logVkey, again.receiptVkey]).toEqual([first.logVkey, first.receiptVkey]);
    expect(Buffer.from(again.pepper).equals(first.pepper)).toBe(true);
    expect((await readdir(directory)).toSorted()).toEqual(['log.key', 'pepper', 'public.json', 'receipt.key', 'vault.key']);
    for (const name of await readdir(directory)) expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect(JSON.parse(await readFile(join(directory, 'public.json'), 'utf8'))).toEqual({
      origin: 'dp.example/log',
      logVkey: first.logVkey,
      receiptVkey: first.receiptVkey,
    });
  });

  test('that are missing, damaged or of another origin are never replaced once the log has records', async () => {
    const directory = join(await newFolder(), 'keys');
    await openKeys(directory, { origin: 'dp.example/log', mayCreate: true });
    for (const name of ['log.key', 'receipt.key', 'pepper', 'vault.key', 'public.json']) {
      const path = join(directory, name);
      const saved = await readFile(path);
      await rm(path);
      expect(await detailOf(() => openKeys(directory, { origin: 'dp.example/log', mayCreate: false }))).toContain(`keys/${name} `);
      const damaged = Buffer.from(saved);
      const at = Math.floor(damaged.length / 2);
      damaged[at] = (damaged[at] as number) ^ 0x01;
      await writeFile(path, damaged);
      expect(await reasonOfPromise(() => openKeys(directory, { origin: 'dp.example/log', mayCreate: false }))).toBe('log-corrupt');
      expect((await readFile(path)).equals(damaged)).toBe(true);
      await writeFile(path, saved);
    }
    expect(await reasonOfPromise(() => openKeys(directory, { origin: 'other.example/log', mayCreate: false }))).toBe('log-corrupt');
    expect((await openKeys(directory, { origin: 'dp.example/log', mayCreate: false })).log.name).toBe('dp.example/log');
  });
});

describe('the lock', () => {
  test('is held by one, and free again when it is released', async () => {
    const directory = await newFolder();
    const lock = await DirectoryLock.acquire(directory);
    await expect(DirectoryLock.acquire(directory)).rejects.toThrow(StorageFault);
    await lock.release();
    await (await DirectoryLock.acquire(directory)).release();
    expect(await readdir(directory)).toEqual([]);
  });

  test.each([
    ['a process that is gone', { pid: 2 ** 22 + 1, started: '', boot: '' }],
    ['another process under the same pid', { pid: process.pid, started: '1', boot: '' }],
    ['a machine that was restarted', { pid: process.pid, started: '', boot: 'another' }],
  ])('of %s is taken over, by one alone', async (_, holder) => {
    const directory = await newFolder();
    const { hostname } = await import('node:os');
    await writeFile(join(directory, 'lock'), JSON.stringify({ id: 'old', host: hostname(), ...holder }));
    const takers = await Promise.allSettled([1, 2, 3].map(() => DirectoryLock.acquire(directory)));
    expect(takers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test.each([
    ['another host', JSON.stringify({ id: 'old', host: 'elsewhere', pid: 2 ** 22 + 1, started: '', boot: '' })],
    ['nobody that can be read', 'garbage'],
  ])('of %s is never taken over', async (_, text) => {
    const directory = await newFolder();
    await writeFile(join(directory, 'lock'), text);
    await expect(DirectoryLock.acquire(directory)).rejects.toThrow(StorageFault);
    expect(await readFile(join(directory, 'lock'), 'utf8')).toBe(text);
  });
});
