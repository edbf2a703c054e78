import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { backUp, restore, rotateVaultKey } from '../../src/adapters/files/index.js';
import { fsckDirectory } from '../../src/cli/audit-fsck-directory.js';
import { sealingContext } from '../../src/gateway/journal.js';
import { Publisher } from '../../src/gateway/publish.js';
import { appendRefusals, openRun, refusalEntry, treeOf } from '../support/data-run.js';
import { DyingFileSystem, type Death } from '../support/dying-file-system.js';
import { reasonOfPromise } from '../support/reasons.js';

const DEATHS: readonly Death[] = ['before', 'half', 'after'];
const DAY = 86_400_000;
const now = 1_795_521_600_000;
const today = Math.floor(now / DAY);

let folder: string;
let begun: string;
let count = 0;
const fresh = (): string => join(folder, `place-${(count += 1)}`);

/** Three records under three keys, of which the second was erased; and a key of a day. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signpost-killed-rotation-'));
  begun = fresh();
  const run = await openRun(begun);
  for (const n of [0, 1, 2]) await appendRefusals(run, [refusalEntry(n)]);
  await run.vault.erase(2);
  run.vault.newSlot(today);
  await run.vault.flush();
  const signing = { wal: run.wal, storage: run.tiles, lastSigned: run.lastSigned, signer: run.keys.log };
  await (await Publisher.start(signing, await treeOf(run))).publish();
  await run.close();
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const copied = async (): Promise<string> => {
  const place = fresh();
  await cp(begun, place, { recursive: true });
  return place;
};

const secretIn = async (place: string): Promise<Buffer> => await readFile(join(place, 'keys', 'vault.key'));

/** What each record opens to: null where its key is gone. */
const openedIn = async (place: string): Promise<(string | null)[]> => {
  const run = await openRun(place);
  const opened: (string | null)[] = [];
  for await (const { index, record } of run.wal.read(0)) {
    const plaintext = run.vault.open(record.keySlot, sealingContext(index), record.sealed);
    opened.push(plaintext === null ? null : Buffer.from(plaintext).toString());
  }
  await run.close();
  return opened;
};

const holds = async (place: string, secret: Buffer): Promise<boolean> => {
  const entries = await readdir(place, { recursive: true, withFileTypes: true });
  const files = await Promise.all(entries.filter((one) => one.isFile()).map((one) => readFile(join(one.parentPath, one.name))));
  return files.some((octets) => octets.includes(secret.subarray(0, 44)));
};

const whole = ['evidence 0', null, 'evidence 2'];

describe('a rotation of vault.key', () => {
  test('keeps every key, its day and its end, and nothing of the old vault.key', async () => {
    const place = await copied();
    const [old, vault] = [await secretIn(place), await readFile(join(place, 'vault', 'keys'))];
    expect(await rotateVaultKey(place)).toBe(3);
    expect(await openedIn(place)).toEqual(whole);
    expect(await holds(place, old)).toBe(false);
    const rotated = await readFile(join(place, 'vault', 'keys'));
    expect(rotated.length).toBe(vault.length);
    // Kind and day stay; of what is wrapped nothing does. What was erased is as it was.
    for (const slot of [0, 1, 3, 4]) {
      expect(rotated.subarray(slot * 64, slot * 64 + 4)).toEqual(vault.subarray(slot * 64, slot * 64 + 4));
      expect(rotated.subarray(slot * 64 + 4, slot * 64 + 64)).not.toEqual(vault.subarray(slot * 64 + 4, slot * 64 + 64));
    }
    expect(rotated.subarray(128, 192)).toEqual(Buffer.alloc(64, 0xee));
    expect((await fsckDirectory(place, {})).problem).toBeNull();
    expect(await rotateVaultKey(place)).toBe(3);
    expect(await openedIn(place)).toEqual(whole);
  });

  test('of which neither key is that of the vault stops the start, and takes neither away', async () => {
    const [place, rotated] = [await copied(), await copied()];
    await rotateVaultKey(rotated);
    await cp(join(rotated, 'vault', 'keys'), join(place, 'vault', 'keys'));
    const next = await secretIn(rotated);
    const damaged = Buffer.concat([Buffer.from([(next[0] as number) === 0x41 ? 0x42 : 0x41]), next.subarray(1)]);
    const path = join(place, 'keys', 'vault.key.next');
    await writeFile(path, damaged);
    expect(await reasonOfPromise(() => openRun(place))).toBe('log-corrupt');
    expect(await readFile(path)).toEqual(damaged);
    await writeFile(path, next);
    expect(await openedIn(place)).toEqual(whole);
    expect(await secretIn(place)).toEqual(next);
  });

  test('that ends at each of its writes is undone, or done, by the next start', async () => {
    const seen = { undone: 0, done: 0 };
    for (let fatal = 1; ; fatal += 1) {
      const place = await copied();
      const old = await secretIn(place);
      const fs = new DyingFileSystem(fatal, DEATHS[fatal % 3] as Death, 'freeze');
      const survived = await Promise.race([rotateVaultKey(place, fs).then(() => true), fs.dead.then(() => false)]);
      await fs.bury();
      // This process lives on, so its lock would be honoured.
      for (const name of await readdir(place)) if (name.startsWith('lock')) await rm(join(place, name));
      expect(await openedIn(place)).toEqual(whole);
      const isDone = !(await secretIn(place)).equals(old);
      expect(isDone || !survived).toBe(true);
      seen[isDone ? 'done' : 'undone'] += 1;
      expect(await holds(place, old)).toBe(!isDone);
      for (const part of ['vault', 'keys']) expect((await readdir(join(place, part))).filter((name) => name.includes('.next'))).toEqual([]);
      expect((await fsckDirectory(place, {})).problem).toBeNull();
      await rm(place, { recursive: true });
      if (survived) break;
      expect(fatal).toBeLessThan(100);
    }
    expect(seen.undone).toBeGreaterThan(8);
    expect(seen.done).toBeGreaterThan(5);
  }, 240_000);

  test('of a vault that is damaged, of another key, held or no data directory changes nothing', async () => {
    const refused = async (place: string): Promise<string | null> => {
      const before = await Promise.all(['vault/keys', 'keys/vault.key'].map((path) => readFile(join(place, path))));
      const reason = await reasonOfPromise(() => rotateVaultKey(place));
      expect(await Promise.all(['vault/keys', 'keys/vault.key'].map((path) => readFile(join(place, path))))).toEqual(before);
      expect([...(await readdir(join(place, 'vault'))), ...(await readdir(join(place, 'keys')))]).toHaveLength(6);
      return reason;
    };
    const broken = await copied();
    const octets = await readFile(join(broken, 'vault', 'keys'));
    octets[3 * 64 + 20] = (octets[3 * 64 + 20] as number) ^ 1;
    await writeFile(join(broken, 'vault', 'keys'), octets);
    expect(await refused(broken)).toBe('log-corrupt');
    const [mixed, other] = [await copied(), await copied()];
    await rotateVaultKey(other);
    await cp(join(other, 'keys', 'vault.key'), join(mixed, 'keys', 'vault.key'));
    expect(await refused(mixed)).toBe('log-corrupt');
    const held = await copied();
    const run = await openRun(held);
    expect(await refused(held)).toBe('log-unavailable');
    await run.close();
    expect(await reasonOfPromise(() => rotateVaultKey(fresh()))).toBe('log-corrupt');
  });

  test('ends older backups for who has the new keys alone', async () => {
    const [place, keys, out] = [await copied(), fresh(), fresh()];
    await backUp(place, out, { now, keysTo: keys });
    await rotateVaultKey(place);
    await expect(backUp(place, fresh(), { now, keysTo: keys })).rejects.toMatchObject({ code: 'EEXIST' });
    const target = fresh();
    expect(await restore(out, target, { published: null, keysFrom: join(place, 'keys') })).toMatchObject({
      outcome: 'damaged',
      problems: [{ path: 'keys/vault.key' }],
    });
    expect(await restore(out, target, { published: null, keysFrom: keys })).toMatchObject({ outcome: 'restored' });
    await expect(rotateVaultKey(target)).rejects.toMatchObject({ code: 'EROFS' });
  });
});
