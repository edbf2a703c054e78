import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { RedisMappingStore } from '../../src/adapters/redis/index.js';
import { fsckDirectory } from '../../src/cli/audit-fsck-directory.js';
import type { World } from '../../src/gateway/index.js';
import { subjectId } from '../../src/identifiers/index.js';
import { parseLeaf } from '../../src/log/index.js';
import { unpackSubject } from '../../src/registry/index.js';
import { DyingFileSystem, type Death } from '../support/dying-file-system.js';
import { makePlace, makeWorld, openAt, registration, sharedNumber, type OpenOptions, type Place } from '../support/open-gateway.js';
import { RedisServer, hasRedis } from '../support/redis-server.js';
import { SweptGateway } from '../support/swept-gateway.js';

const DEATHS: readonly Death[] = ['before', 'half', 'after'];
/** More changes than an erasure, a publication and a snapshot make. */
const MOST_CALLS = 200;
const OPERATOR = { domain: 'operator.example', kind: 'operator', class: null, spc: null } as const;
const USER = 'to.be.forgotten';

const [forgotten, kept] = [1, 2].map(sharedNumber) as [string, string];
const sii = `tel:+${forgotten}`;

let base: Place;
let world: World;

beforeAll(async () => {
  base = await makePlace();
  world = await makeWorld(base);
});

const suites: readonly (readonly [string, boolean])[] = [
  ['in memory', true],
  ['in Redis', false],
];

describe.each(suites)('a gateway that ends while it erases, with subjects %s', (_, isVolatile) => {
  (isVolatile || hasRedis ? describe : describe.skip)('at each of its writes in turn', () => {
    let server: RedisServer | null = null;
    let epoch = 0;

    beforeAll(async () => {
      server = isVolatile ? null : await RedisServer.start();
    });

    afterAll(async () => {
      await server?.stop();
    });

    const options = async (keyPrefix: string): Promise<OpenOptions> =>
      server === null
        ? { world }
        : {
            world,
            store: await RedisMappingStore.open({ url: server.url, keyPrefix, deadline: 20_000 }),
            storeIsVolatile: false,
            epoch: (epoch += 1),
          };

    /** A data directory with two registered numbers, and the snapshots that hold them. */
    let begun: Place;

    beforeAll(async () => {
      begun = await newPlace();
      await begin(begun, 'begun:');
    });

    const newPlace = async (): Promise<Place> => ({ ...base, dataDir: join(await mkdtemp(join(tmpdir(), 'signpost-killed-')), 'data') });

    /** Redis is filled from the log. */
    const copyOf = async (place: Place): Promise<Place> => {
      const copy = await newPlace();
      await cp(place.dataDir, copy.dataDir, { recursive: true });
      return copy;
    };

    const discard = (place: Place): Promise<void> => rm(dirname(place.dataDir), { recursive: true, force: true });

    const begin = async (place: Place, keyPrefix: string): Promise<void> => {
      const swept = await SweptGateway.open(place, await options(keyPrefix));
      place.clock.advance(1);
      const submission = await swept.submit(registration(place, forgotten, { user: USER }));
      expect(submission.outcome).toBe('accepted');
      await swept.gateway.snapshot();
      await swept.register(kept);
      await swept.gateway.snapshot();
      await swept.opened.publisher.publish();
      await swept.close();
      place.clock.advance(1);
    };

    /** Erases and publishes; what it was answered, or null where it did not live to be. */
    const live = async (place: Place, fatal: number, keyPrefix: string): Promise<{ survived: boolean; answered: boolean }> => {
      const fs = new DyingFileSystem(0, DEATHS[fatal % 3] as Death, 'freeze');
      const opened = await openAt(place, { fs, ...(await options(keyPrefix)) });
      fs.arm(fatal);
      let answered = false;
      const life = async (): Promise<boolean> => {
        answered = (await opened.gateway.erase({ sii, case: 'GDPR 17' }, OPERATOR)).erased;
        await opened.publisher.publish();
        await opened.close();
        return true;
      };
      const survived = await Promise.race([life(), fs.dead.then(() => false)]);
      await fs.bury();
      await opened.store.close();
      for (const name of await readdir(place.dataDir)) if (name.startsWith('lock')) await rm(join(place.dataDir, name), { force: true });
      return { survived, answered };
    };

    const holdsUser = async (directory: string): Promise<boolean> => {
      const entries = await readdir(directory, { recursive: true, withFileTypes: true });
      const files = await Promise.all(entries.filter((one) => one.isFile()).map((one) => readFile(join(one.parentPath, one.name))));
      return files.some((octets) => octets.includes(USER));
    };

    test('has erased after the next start, whole or not at all, and an erasure that was answered stays', async () => {
      let survived = false;
      const seen = { deaths: 0, erased: 0, untouched: 0 };
      // A start that fills a Redis takes its time: there every fourth write will do.
      for (let fatal = 1; fatal <= MOST_CALLS && !survived; fatal += isVolatile ? 1 : 4) {
        const prefix = `${fatal}:`;
        const place = await copyOf(begun);
        const ended = await live(place, fatal, prefix);
        survived = ended.survived;
        seen.deaths += survived ? 0 : 1;
        expect((await fsckDirectory(place.dataDir, {})).problem).toBeNull();
        const swept = await SweptGateway.open(place, await options(prefix));
        const leaves = await leavesOf(swept);
        const isErased = leaves.includes('erase');
        expect(isErased || !ended.answered).toBe(true);
        expect([await swept.resolved(forgotten), await swept.resolved(kept)]).toEqual([isErased ? [] : ['a.example'], ['a.example']]);
        const packed = (await swept.packed()).get(subjectId(swept.opened.data.keys.pepper, sii)) ?? '';
        expect(unpackSubject(Buffer.from(packed, 'hex')).keySlot).toBe(isErased ? 0 : 1);
        if (isErased) {
          const record = await swept.opened.data.wal.get(0);
          expect(swept.opened.data.vault.open(record.keySlot, Buffer.alloc(8), record.sealed)).toBeNull();
          expect(await holdsUser(place.dataDir)).toBe(false);
          seen.erased += 1;
        } else seen.untouched += 1;
        // Asked for again, it is done once.
        await swept.gateway.erase({ sii, case: 'GDPR 17' }, OPERATOR);
        expect((await leavesOf(swept)).filter((k) => k === 'erase')).toHaveLength(1);
        expect(await holdsUser(place.dataDir)).toBe(false);
        await swept.expectWhole();
        await swept.close();
        await discard(place);
      }
      expect(survived).toBe(true);
      expect(seen.deaths).toBeGreaterThan(isVolatile ? 10 : 3);
      expect(Math.min(seen.erased, seen.untouched)).toBeGreaterThan(0);
    }, 900_000);

    test('is finished by a start from a copy that was made before its key was destroyed, from the log alone too', async () => {
      const place = await copyOf(begun);
      const swept = await SweptGateway.open(place, await options('copy:'));
      const saved = await readFile(join(place.dataDir, 'vault', 'keys'));
      await swept.gateway.erase({ sii, case: 'GDPR 17' }, OPERATOR);
      const told = await swept.packed();
      await swept.close();
      const copy = await copyOf(place);
      const keys = await readFile(join(copy.dataDir, 'vault', 'keys'));
      // The first slot as it was, the others as they are: what a crash before the key's end leaves.
      saved.copy(keys, 64, 64, 128);
      await writeFile(join(copy.dataDir, 'vault', 'keys'), keys);
      await rm(join(copy.dataDir, 'snapshot'), { recursive: true });
      expect((await fsckDirectory(copy.dataDir, {})).problem).toBeNull();
      const again = await SweptGateway.open(copy, await options('another:'));
      expect(await again.packed()).toEqual(told);
      const record = await again.opened.data.wal.get(0);
      expect(again.opened.data.vault.open(record.keySlot, Buffer.alloc(8), record.sealed)).toBeNull();
      await again.expectWhole();
      await again.close();
      for (const one of [place, copy, begun]) await discard(one);
    });
  });
});

const leavesOf = async (swept: SweptGateway): Promise<string[]> => {
  const kinds: string[] = [];
  for await (const { record } of swept.opened.data.wal.read(0)) kinds.push(parseLeaf(record.leaf).k);
  return kinds;
};
