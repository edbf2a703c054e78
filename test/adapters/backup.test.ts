import { cp, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { StorageFault, backUp, nodeFileSystem, restore, type BackupManifest, type FileSystem } from '../../src/adapters/files/index.js';
import { fsckDirectory } from '../../src/cli/audit-fsck-directory.js';
import { Tree, formatCheckpoint, leafHash, parseLeaf, signNote } from '../../src/log/index.js';
import { START, makePlace, sharedNumber, type Place } from '../support/open-gateway.js';
import { ORIGIN, openRun, runBatches } from '../support/data-run.js';
import { reasonOfPromise } from '../support/reasons.js';
import { SweptGateway } from '../support/swept-gateway.js';

const OPERATOR = { domain: 'operator.example', kind: 'operator', class: null, spc: null } as const;

let folder: string;
let data: string;
let count = 0;
const fresh = (): string => join(folder, `place-${(count += 1)}`);
const now = START;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signpost-backup-'));
  data = fresh();
  const run = await openRun(data);
  await runBatches(run, 2, 40, () => undefined);
  await run.close();
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const lastSigned = (directory: string): Promise<Buffer> => readFile(join(directory, 'last-signed'));

const saved = async (from = data): Promise<string> => {
  const out = fresh();
  await backUp(from, out, { now });
  return out;
};

const anotherLog = async (): Promise<string> => {
  const directory = fresh();
  await (await openRun(directory)).close();
  return directory;
};

const filesOf = async (directory: string): Promise<string[]> => {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
};

const faultOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof StorageFault ? error.code : String(error)),
  );

describe('a backup', () => {
  test('holds what no start could make again, for its owner alone', async () => {
    const out = await saved();
    const files = await filesOf(out);
    for (const part of ['wal/', 'vault/keys', 'evidence/', 'keys/vault.key', 'last-signed', 'manifest.json'])
      expect(files.some((file) => file.startsWith(part))).toBe(true);
    expect(files.filter((file) => /^(?:tiles|snapshot|index|principals|lock)/.test(file))).toEqual([]);
    for (const file of files) expect((await stat(join(out, file))).mode & 0o077).toBe(0);
    for (const part of ['.', 'keys', 'wal', 'vault']) expect((await stat(join(out, part))).mode & 0o077).toBe(0);
  });

  test('is restored to a directory in which every record and seal holds, and which goes on', async () => {
    const [out, target] = [await saved(), fresh()];
    const restored = await restore(out, target, { published: [await lastSigned(data)] });
    expect(restored).toMatchObject({ outcome: 'restored', signedSize: 80, manifest: { size: 80, origin: ORIGIN } });
    for (const file of await filesOf(target)) expect((await stat(join(target, file))).mode & 0o077).toBe(0);
    const run = await openRun(target);
    await runBatches(run, 2, 3, () => undefined);
    await run.close();
    await rm(join(target, 'snapshot'), { recursive: true });
    expect(await fsckDirectory(target, {})).toMatchObject({ problem: null, size: 86 });
  });

  test('is written to an empty folder alone, of a data directory alone, as a restore is', async () => {
    const [full, none] = [fresh(), fresh()];
    await mkdir(full);
    await writeFile(join(full, 'something'), '');
    await mkdir(none);
    expect(await faultOf(backUp(data, full, { now }))).toBe('ENOTEMPTY');
    expect(await reasonOfPromise(() => backUp(none, fresh(), { now }))).toBe('log-corrupt');
    expect(await faultOf(restore(await saved(), full, { published: null }))).toBe('ENOTEMPTY');
    expect(await readdir(full)).toEqual(['something']);
    expect(await faultOf(restore(await saved(), none, { published: null }))).toBe('done');
  });

  test('of a vault and a key that do not belong together is none', async () => {
    const [copy, out] = [fresh(), fresh()];
    await cp(data, copy, { recursive: true });
    await cp(join(await anotherLog(), 'keys', 'vault.key'), join(copy, 'keys', 'vault.key'));
    expect(await reasonOfPromise(() => backUp(copy, out, { now }))).toBe('log-corrupt');
    expect(await reasonOfPromise(() => restore(out, fresh(), { published: null }))).toBe('log-corrupt');
  });

  test('leaves its keys apart where it is told to, again and again, and never beside those of another log', async () => {
    const [keys, out] = [fresh(), fresh()];
    await backUp(data, out, { now, keysTo: keys });
    await backUp(data, fresh(), { now, keysTo: keys });
    expect((await filesOf(out)).filter((file) => file.startsWith('keys'))).toEqual([]);
    expect((await stat(keys)).mode & 0o077).toBe(0);
    const [another, target] = [await anotherLog(), fresh()];
    expect(await faultOf(backUp(another, fresh(), { now, keysTo: keys }))).toBe('EEXIST');
    expect(await restore(out, target, { published: null })).toMatchObject({ outcome: 'damaged' });
    expect(await restore(out, target, { published: null, keysFrom: join(another, 'keys') })).toMatchObject({ outcome: 'damaged' });
    expect(await restore(out, target, { published: null, keysFrom: keys })).toMatchObject({ outcome: 'restored' });
  });
});

describe('what is wrong with a backup is named, and nothing is restored', () => {
  const named = async (damage: (out: string) => Promise<void>): Promise<string[]> => {
    const [out, target] = [await saved(), fresh()];
    await damage(out);
    const restored = await restore(out, target, { published: [await lastSigned(data)] });
    expect(await nodeFileSystem.list(target)).toEqual([]);
    return restored.outcome === 'damaged' ? restored.problems.map(({ path, what }) => `${path} ${what}`) : [];
  };
  const WAL = `wal/${'0'.repeat(16)}.wal`;

  const flip = async (path: string): Promise<void> => {
    const octets = await readFile(path);
    octets[octets.length >> 1] = (octets[octets.length >> 1] as number) ^ 1;
    await writeFile(path, octets);
  };

  test('a flipped bit, a missing end, a missing file and swapped files', async () => {
    for (const path of [WAL, 'vault/keys', 'keys/pepper', 'last-signed'])
      expect(await named((out) => flip(join(out, path)))).toEqual([`${path} is not what was saved`]);
    expect(await named(async (out) => writeFile(join(out, WAL), (await readFile(join(out, WAL))).subarray(0, -9)))).toEqual([
      expect.stringMatching(new RegExp(`^${WAL} has \\d+ octets, and \\d+ were saved$`)),
    ]);
    expect(await named((out) => rm(join(out, 'evidence/first')))).toEqual(['evidence/first is missing']);
    const [one, other] = ['keys/log.key', 'keys/receipt.key'] as const;
    const swapped = await named(async (out) => {
      await rename(join(out, one), join(out, 'x'));
      await rename(join(out, other), join(out, one));
      await rename(join(out, 'x'), join(out, other));
    });
    expect(swapped).toEqual([`${one} is not what was saved`, `${other} is not what was saved`]);
  });

  test('a manifest that is missing, damaged, leads out of the backup, or was made to fit by who has no keys', async () => {
    const told = async (change: (manifest: Record<string, unknown> & BackupManifest) => string | null): Promise<string | null> => {
      const [out, target] = [await saved(), fresh()];
      const path = join(out, 'manifest.json');
      const text = change(JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown> & BackupManifest);
      if (text === null) await rm(path);
      else await writeFile(path, text);
      const reason = await reasonOfPromise(() => restore(out, target, { published: null }));
      expect(await nodeFileSystem.list(target)).toEqual([]);
      return reason;
    };
    expect(await told(() => null)).toBe('log-corrupt');
    expect(await told((manifest) => JSON.stringify(manifest).slice(1))).toBe('log-corrupt');
    expect(await told(({ files, ...rest }) => JSON.stringify({ ...rest, files: [...files, { ...files[0], path: '../away' }] }))).toBe(
      'log-corrupt',
    );
    expect(
      await told(({ files, ...rest }) => JSON.stringify({ ...rest, files: files.filter(({ path }) => path !== 'evidence/first') })),
    ).toBe('log-corrupt');
  });
});

describe('a log that went back', () => {
  test('is restored for reading alone', async () => {
    const [past, out, target] = [fresh(), fresh(), fresh()];
    await cp(data, past, { recursive: true });
    await backUp(past, out, { now });
    const run = await openRun(past);
    await runBatches(run, 2, 2, () => undefined);
    await run.close();
    const published = [await lastSigned(past)];
    expect(await reasonOfPromise(() => restore(out, target, { published }))).toBe('consistency-failed');
    const both = [await lastSigned(data), ...published];
    expect(await reasonOfPromise(() => restore(out, target, { published: both }))).toBe('consistency-failed');
    expect(await nodeFileSystem.list(target)).toEqual([]);
    expect(await restore(out, target, { published: null })).toMatchObject({ outcome: 'restored', signedSize: null });
    expect(await fsckDirectory(target, {})).toMatchObject({ problem: null, records: 80 });
    expect(await faultOf(openRun(target))).toBe('EROFS');
    expect(await faultOf(backUp(target, fresh(), { now }))).toBe('EROFS');
  });

  test('or of which another history was published, or that knows more than what is said, is not restored', async () => {
    const past = fresh();
    await cp(data, past, { recursive: true });
    const run = await openRun(past);
    const { log: signer } = run.keys;
    await runBatches(run, 2, 2, () => undefined);
    const tree = new Tree();
    for await (const { record } of run.wal.read(0)) tree.append(leafHash(Buffer.concat([record.leaf, Buffer.from([tree.size])])));
    await run.close();
    const out = await saved(past);
    const told = (note: string | Uint8Array) => reasonOfPromise(() => restore(out, fresh(), { published: [Buffer.from(note)] }));
    expect(await told(signNote(formatCheckpoint({ origin: ORIGIN, size: 84, root: tree.root() }), [signer]))).toBe('consistency-failed');
    expect(await told(await lastSigned(data))).toBe('consistency-failed');
    expect(await told(formatCheckpoint({ origin: ORIGIN, size: 84, root: tree.root() }))).toBe('malformed-note');
    expect(await told((await lastSigned(past)).toString().replace(/.\n$/, '\n'))).toBe('malformed-note');
    expect(await told(await lastSigned(past))).toBeNull();
  });

  test('goes on from what was published, with its cosignatures', async () => {
    const [past, out, target] = [fresh(), fresh(), fresh()];
    await cp(data, past, { recursive: true });
    const run = await openRun(past);
    await runBatches(run, 1, 2, () => undefined);
    await run.close();
    await backUp(past, out, { now });
    // Published after the copy of `last-signed`, and before that of the log.
    const again = await openRun(past);
    await runBatches(again, 2, 0, () => undefined);
    await again.close();
    const published = await lastSigned(past);
    const cosigned = Buffer.concat([published, Buffer.from('\u2014 witness.example/w1 AAAAAAAA\n')]);
    expect(await restore(out, target, { published: [cosigned] })).toMatchObject({ outcome: 'restored', signedSize: 82 });
    expect(await lastSigned(target)).toEqual(published);
    expect(await readFile(join(target, 'tiles', 'checkpoint'))).toEqual(cosigned);
    expect(await fsckDirectory(target, {})).toMatchObject({ problem: null, records: 82 });
  });
});

describe('a backup of a gateway that runs', () => {
  let place: Place;
  let swept: SweptGateway;

  beforeAll(async () => {
    place = await makePlace();
    swept = await SweptGateway.open(place);
  });

  afterAll(async () => {
    await swept.close();
    await rm(dirname(place.dataDir), { recursive: true, force: true });
  });

  /** Something happens each time before a file of the data directory is read for the copy. */
  const meanwhile = (isFile: (path: string) => boolean, happens: () => Promise<void>): FileSystem => ({
    ...nodeFileSystem,
    open: async (path, how, permissions) => {
      if (how === 'read' && path.startsWith(place.dataDir) && isFile(path)) await happens();
      return await nodeFileSystem.open(path, how, permissions);
    },
  });

  const kindsIn = async (directory: string): Promise<string[]> => {
    const run = await SweptGateway.open({ ...place, dataDir: directory });
    const kinds: string[] = [];
    for await (const { record } of run.opened.data.wal.read(0)) kinds.push(parseLeaf(record.leaf).k);
    await run.expectWhole();
    await run.close();
    return kinds;
  };

  test('that registers while each file is read has every key of every record', async () => {
    await swept.register(sharedNumber(1));
    await swept.opened.publisher.publish();
    let number = 1;
    const fs = meanwhile(
      () => true,
      async () => {
        if (number < 30) await swept.register(sharedNumber((number += 1)));
        await swept.gateway.snapshot();
        await swept.opened.publisher.publish();
      },
    );
    const [out, target] = [fresh(), fresh()];
    const { size } = await backUp(place.dataDir, out, { now, fs });
    expect(number).toBe(30);
    expect(size).toBeLessThan(30);
    expect(await restore(out, target, { published: null })).toMatchObject({ outcome: 'restored' });
    expect((await fsckDirectory(target, {})).problem).toBeNull();
  });

  test('that erases between the log and the vault has the leaf that says so', async () => {
    const sii = `tel:+${sharedNumber(1)}`;
    let erased = false;
    const fs = meanwhile(
      (path) => path.endsWith('vault/keys') && !erased,
      async () => {
        erased = true;
        expect(await swept.gateway.erase({ sii, case: 'GDPR 17' }, OPERATOR)).toMatchObject({ erased: true });
        await swept.opened.publisher.publish();
      },
    );
    const [out, target] = [fresh(), fresh()];
    await backUp(place.dataDir, out, { now, fs });
    expect(erased).toBe(true);
    await restore(out, target, { published: [await lastSigned(place.dataDir)] });
    expect((await fsckDirectory(target, {})).problem).toBeNull();
    expect(await kindsIn(target)).toContain('erase');
    const run = await SweptGateway.open({ ...place, dataDir: target });
    expect([await run.resolved(sharedNumber(1)), await run.resolved(sharedNumber(2))]).toEqual([[], ['a.example']]);
    const { wal, vault } = run.opened.data;
    const first = await wal.get(0);
    expect(vault.open(first.keySlot, Buffer.alloc(8), first.sealed)).toBeNull();
    await run.close();
  });

  test('whose subjects are erased each time that its vault is copied is given up', async () => {
    let number = 2;
    const fs = meanwhile(
      (path) => path.endsWith('vault/keys'),
      async () => {
        await swept.gateway.erase({ sii: `tel:+${sharedNumber(number)}`, case: 'GDPR 17' }, OPERATOR);
        number += 1;
      },
    );
    const out = fresh();
    expect(await faultOf(backUp(place.dataDir, out, { now, fs }))).toBe('EBUSY');
    expect(await reasonOfPromise(() => restore(out, fresh(), { published: null }))).toBe('log-corrupt');
  });
});
