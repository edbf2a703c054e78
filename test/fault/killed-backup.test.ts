import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { StorageFault, backUp, restore, type FileSystem } from '../../src/adapters/files/index.js';
import { fsckDirectory } from '../../src/cli/audit-fsck-directory.js';
import { openRun, runBatches } from '../support/data-run.js';
import { DyingFileSystem, type Death } from '../support/dying-file-system.js';
import { reasonOfPromise } from '../support/reasons.js';

const DEATHS: readonly Death[] = ['before', 'half', 'after'];
const now = 1_795_521_600_000;
/** More changes than a backup or a restore of so few files makes. */
const MOST_CALLS = 400;

let folder: string;
let data: string;
let published: readonly Uint8Array[];
let count = 0;
const fresh = (): string => join(folder, `place-${(count += 1)}`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signpost-killed-backup-'));
  data = fresh();
  const run = await openRun(data);
  await runBatches(run, 2, 3, () => undefined);
  await run.close();
  published = [await readFile(join(data, 'last-signed'))];
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Does something on a file system that ends at each of its changes in turn; what was left is looked at each time. How often it ended. */
const endingEverywhere = async (
  work: (fs: FileSystem, place: string) => Promise<unknown>,
  look: (place: string, isDone: boolean) => Promise<void>,
  stride = 1,
) => {
  for (let fatal = 1; fatal <= MOST_CALLS; fatal += stride) {
    const place = fresh();
    const fs = new DyingFileSystem(fatal, DEATHS[fatal % 3] as Death, 'freeze');
    const isDone = await Promise.race([work(fs, place).then(() => true), fs.dead.then(() => false)]);
    await fs.bury();
    // This process lives on, so its lock would be honoured.
    for (const name of await readdir(place).catch(() => [])) if (name.startsWith('lock')) await rm(join(place, name));
    await look(place, isDone);
    await rm(place, { recursive: true, force: true });
    if (isDone) return fatal - stride;
  }
  throw new Error('never done');
};

const canStart = async (place: string): Promise<boolean> => {
  try {
    await (await openRun(place)).close();
    return true;
  } catch (error) {
    if (error instanceof StorageFault && error.code === 'EROFS') return false;
    throw error;
  }
};

describe('a process that ends at each of its writes in turn', () => {
  test('leaves no backup, or a whole one', async () => {
    const seen = { none: 0, whole: 0 };
    const deaths = await endingEverywhere(
      (fs, out) => backUp(data, out, { now, fs }),
      async (out, isDone) => {
        const target = fresh();
        const reason = await reasonOfPromise(() => restore(out, target, { published }));
        expect([null, 'log-corrupt']).toContain(reason);
        expect(reason === null || !isDone).toBe(true);
        seen[reason === null ? 'whole' : 'none'] += 1;
        if (reason === null) expect((await fsckDirectory(target, {})).problem).toBeNull();
        else expect(await readdir(target).catch(() => [])).toEqual([]);
        await rm(target, { recursive: true, force: true });
      },
    );
    expect(deaths).toBeGreaterThan(60);
    // The manifest's last steps, and the end.
    expect(seen.whole).toBeGreaterThan(1);
  }, 600_000);

  test.each([
    ['to be gone on from', false, 1],
    // The same writes, but for the last: every seventh will do.
    ['for reading alone', true, 7],
  ])(
    'leaves a restore %s in which nothing starts, until it is whole',
    async (_, isFrozen, stride) => {
      const out = fresh();
      await backUp(data, out, { now });
      const seen = { shut: 0, whole: 0 };
      const deaths = await endingEverywhere(
        (fs, target) => restore(out, target, { published: isFrozen ? null : published, fs }),
        async (target, isDone) => {
          const names = await readdir(target).catch(() => []);
          const isEmpty = names.every((name) => name === 'frozen.tmp');
          if (isEmpty) return;
          if (await canStart(target)) {
            seen.whole += 1;
            expect(isFrozen).toBe(false);
            expect(await fsckDirectory(target, {})).toMatchObject({ problem: null, records: 6 });
          } else {
            seen.shut += 1;
            expect(isDone).toBe(isFrozen && isDone);
          }
          if (isDone) expect(await fsckDirectory(target, {})).toMatchObject({ problem: null, records: 6, size: 6 });
        },
        stride,
      );
      expect(deaths).toBeGreaterThan(80);
      expect(seen.shut * stride).toBeGreaterThan(70);
      expect(seen.whole > 1).toBe(!isFrozen);
    },
    600_000,
  );
});
