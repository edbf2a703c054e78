import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fsckDirectory } from '../../src/cli/audit-fsck-directory.js';
import type { World } from '../../src/gateway/index.js';
import { leafHash, parseLeaf, verifyRecordProof } from '../../src/log/index.js';
import { DyingFileSystem, type Death } from '../support/dying-file-system.js';
import { B, TestClock, makePlace, makeWorld, type Place } from '../support/open-gateway.js';
import { flood, openStrict, placeOf } from '../support/reject-flood.js';

const DEATHS: readonly Death[] = ['before', 'half', 'after'];
/** More changes than a life makes. */
const MOST_CALLS = 200;

describe('a gateway that ends while it gathers refusals', () => {
  const directories: string[] = [];
  let made: Place;
  let world: World;
  /** Two batches of long ago are on the disk. */
  beforeAll(async () => {
    made = await makePlace();
    directories.push(dirname(made.dataDir));
    world = await makeWorld(made);
    const opened = await openStrict(made, { world });
    void (await flood(opened, 4));
    await opened.gateway.batchRejects();
    await opened.publisher.publish();
    await opened.close();
    made.clock.advance(91 * 86_400);
  });
  afterAll(async () => {
    for (const directory of directories) await rm(directory, { recursive: true, force: true });
  });

  const copy = async (): Promise<Place> => {
    const directory = await mkdtemp(join(tmpdir(), 'signpost-batch-'));
    directories.push(directory);
    const clock = new TestClock();
    clock.ms = made.clock.ms;
    await cp(made.dataDir, join(directory, 'data'), { recursive: true });
    return { ...made, clock, dataDir: join(directory, 'data') };
  };

  /** Gathers refusals of two clients twice, forgets what is old, publishes; tells each answer. */
  const live = async (
    place: Place,
    fs: DyingFileSystem,
    fatal: number,
    tell: (where: ReturnType<typeof placeOf>) => void,
  ): Promise<true> => {
    const opened = await openStrict(place, { fs, world });
    fs.arm(fatal);
    for (let round = 0; round < 2; round += 1) {
      const answers = [...(await flood(opened, 4)), ...(await flood(opened, 4, B))];
      for (const answer of answers)
        answer.then(
          (submission) => tell(placeOf(submission)),
          () => undefined,
        );
      await opened.gateway.batchRejects();
    }
    await opened.gateway.forgetRejects();
    await opened.publisher.publish();
    await opened.close();
    return true;
  };

  test('at each of its writes in turn can prove each that it answered, and its directory passes fsck', async () => {
    let survived = false;
    let deaths = 0;
    let batched = 0;
    for (let fatal = 1; fatal <= MOST_CALLS && !survived; fatal += 1) {
      const here = await copy();
      const fs = new DyingFileSystem(0, DEATHS[fatal % 3] as Death, 'freeze');
      const answered: ReturnType<typeof placeOf>[] = [];
      survived = await Promise.race([live(here, fs, fatal, (where) => answered.push(where)), fs.dead.then(() => false)]);
      deaths += survived ? 0 : 1;
      await fs.bury();
      for (const name of await readdir(here.dataDir)) if (name.startsWith('lock')) await rm(join(here.dataDir, name), { force: true });
      expect((await fsckDirectory(here.dataDir, {})).problem).toBeNull();
      const opened = await openStrict(here, { world });
      await opened.gateway.forgetRejects();
      await opened.publisher.publish();
      for (const [index, position] of answered) {
        if (index === null) throw new Error('a refusal was answered without its entry');
        if (position === null) {
          expect(parseLeaf((await opened.gateway.entry(index)).leaf).k).toBe('reject');
          continue;
        }
        batched += 1;
        const recordHash = leafHash(await opened.gateway.rejectRecord(index, position));
        const proof = await opened.gateway.rejectProof(index, position);
        expect(verifyRecordProof({ proof, recordHash, log: opened.data.keys.logVkey })).toMatchObject({ index, record: position });
      }
      await opened.close();
      await rm(dirname(here.dataDir), { recursive: true, force: true });
    }
    expect(survived).toBe(true);
    expect(deaths).toBeGreaterThan(20);
    expect(batched).toBeGreaterThan(20);
  }, 600_000);
});
