import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { fsckDirectory } from '../../src/cli/audit-fsck-directory.js';
import type { World } from '../../src/gateway/index.js';
import { DyingFileSystem, type Death } from '../support/dying-file-system.js';
import { makePlace, makeWorld, openAt, sharedNumber, type Place } from '../support/open-gateway.js';
import { SweptGateway } from '../support/swept-gateway.js';

const DEATHS: readonly Death[] = ['before', 'half', 'after'];
/** More changes than a sweep, a publication and a snapshot make. */
const MOST_CALLS = 200;

const [stolen, superseded, kept] = [1, 2, 3].map(sharedNumber) as [string, string, string];

describe('a gateway that ends while it sweeps', () => {
  let place: Place;
  let before: World;
  let after: World;

  /** Three registered numbers, of which the first credential is stolen in the next world, and the second superseded. */
  beforeAll(async () => {
    place = await makePlace();
    before = await makeWorld(place);
    const swept = await SweptGateway.open(place, { world: before });
    swept.revoke(await swept.register(stolen), 'keyCompromise');
    swept.revoke(await swept.register(superseded), 'superseded');
    await swept.register(kept);
    await swept.opened.publisher.publish();
    await swept.close();
    place.clock.advance(1);
    place.pki.publishRevocations();
    after = await makeWorld(place);
  });

  const copy = async (): Promise<Place> => {
    const dataDir = join(await mkdtemp(join(tmpdir(), 'signpost-killed-')), 'data');
    await cp(place.dataDir, dataDir, { recursive: true });
    return { ...place, dataDir };
  };

  /** Sweeps, publishes and saves a snapshot; true when it lived to the end. */
  const live = async (here: Place, fatal: number): Promise<boolean> => {
    const fs = new DyingFileSystem(0, DEATHS[fatal % 3] as Death, 'freeze');
    const opened = await openAt(here, { fs, world: before });
    fs.arm(fatal);
    const life = async (): Promise<boolean> => {
      opened.gateway.setWorld(after);
      await opened.gateway.swept();
      await opened.publisher.publish();
      await opened.gateway.snapshot();
      await opened.close();
      return true;
    };
    const survived = await Promise.race([life(), fs.dead.then(() => false)]);
    await fs.bury();
    for (const name of await readdir(here.dataDir)) if (name.startsWith('lock')) await rm(join(here.dataDir, name), { force: true });
    return survived;
  };

  test('at each of its writes in turn has swept after the next start, once and no more', async () => {
    let survived = false;
    let deaths = 0;
    for (let fatal = 1; fatal <= MOST_CALLS && !survived; fatal += 1) {
      const here = await copy();
      survived = await live(here, fatal);
      deaths += survived ? 0 : 1;
      expect((await fsckDirectory(here.dataDir, {})).problem).toBeNull();
      const swept = await SweptGateway.open(here, { world: after });
      await swept.gateway.swept();
      expect([await swept.resolved(stolen), await swept.resolved(superseded), await swept.resolved(kept)]).toEqual([
        [],
        ['a.example'],
        ['a.example'],
      ]);
      expect(
        (await swept.fell()).map(({ fell }) => [fell?.rsn, fell?.eff, fell?.n]).toSorted((a, b) => String(a).localeCompare(String(b))),
      ).toEqual([
        ['keyCompromise', 'removed', 1],
        ['superseded', 'marked', 1],
      ]);
      await swept.expectWhole();
      await swept.close();
    }
    expect(survived).toBe(true);
    expect(deaths).toBeGreaterThan(20);
  }, 600_000);

  test('has an auditor name the classes where one of their octets is changed, and the log where a list is', async () => {
    const here = await copy();
    expect(await live(here, MOST_CALLS)).toBe(true);
    const [segment = ''] = await readdir(join(here.dataDir, 'classes'));
    const file = join(here.dataDir, 'classes', segment);
    const saved = await readFile(file);
    for (let at = 0; at < saved.length; at += 97) {
      const flipped = Buffer.from(saved);
      flipped[at] = (flipped[at] as number) ^ 0x04;
      await writeFile(file, flipped);
      expect((await fsckDirectory(here.dataDir, {})).problem?.path).toMatch(/^classes/);
    }
    await rm(file);
    expect((await fsckDirectory(here.dataDir, {})).problem?.path).toBe('classes');
    await writeFile(file, saved);
    expect((await fsckDirectory(here.dataDir, {})).problem).toBeNull();
  }, 120_000);
});
