import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { DyingFileSystem, type Death } from '../support/dying-file-system.js';
import { NP1, NP2, TestClock, makePlace, openAt, registration, sharedNumber, type Place } from '../support/open-gateway.js';
import { FROM, OF_FROM, OF_TO, OTT, TO, port, registrationOfTo } from '../support/porting.js';
import { SweptGateway } from '../support/swept-gateway.js';

const DEATHS: readonly Death[] = ['before', 'half', 'after'];
/** More changes than one life makes. */
const MOST_CALLS = 200;
const [ported, expired] = [1, 2].map(sharedNumber) as [string, string];
const DAY = 86_400;

describe('a gateway that ends between the two words of a port, before it comes or while what ran out is taken away', () => {
  let place: Place;
  let effective: number;
  let submissions: readonly { readonly passport: string; readonly client: typeof OTT }[];

  /** One number whose mapping will run out in a moment, one with the first word of a port. */
  beforeAll(async () => {
    place = await makePlace();
    const before = await SweptGateway.open(place);
    await before.submit(registration(place, expired, { provider: OTT.domain }), OTT);
    place.clock.advance(30 * DAY);
    place.pki.publishRevocations();
    effective = place.clock.seconds + 60;
    await before.restart();
    await before.submit(registration(place, ported, { provider: OF_FROM.domain }), OF_FROM);
    await before.submit(registration(place, ported, { provider: OTT.domain }), OTT);
    expect(await before.submit(port(place, ported, FROM, effective), NP1)).toMatchObject({ outcome: 'accepted' });
    await before.opened.publisher.publish();
    await before.close();
    submissions = [
      { passport: port(place, ported, TO, effective), client: NP2 },
      { passport: registrationOfTo(place, ported, OF_TO.domain), client: OF_TO },
    ];
  });

  const copy = async (): Promise<Place> => {
    const dataDir = join(await mkdtemp(join(tmpdir(), 'signpost-killed-')), 'data');
    await cp(place.dataDir, dataDir, { recursive: true });
    const clock = new TestClock();
    clock.ms = place.clock.ms;
    return { ...place, dataDir, clock };
  };

  const live = async (here: Place, fatal: number, acknowledged: string[]): Promise<boolean> => {
    const fs = new DyingFileSystem(0, DEATHS[fatal % 3] as Death, 'freeze');
    const opened = await openAt(here, { fs });
    fs.arm(fatal);
    const life = async (): Promise<boolean> => {
      for (const { passport, client } of submissions)
        if ((await opened.gateway.submit(passport, client)).outcome === 'accepted') acknowledged.push(passport);
      await opened.gateway.expireMappings();
      await opened.gateway.snapshot();
      await opened.publisher.publish();
      await opened.close();
      return true;
    };
    const survived = await Promise.race([life(), fs.dead.then(() => false)]);
    await fs.bury();
    for (const name of await readdir(here.dataDir)) if (name.startsWith('lock')) await rm(join(here.dataDir, name), { force: true });
    return survived;
  };

  test('at each of its writes in turn has lost nothing that it acknowledged, takes the rest again, and the port comes whole', async () => {
    let survived = false;
    let deaths = 0;
    for (let fatal = 1; fatal <= MOST_CALLS && !survived; fatal += 1) {
      const here = await copy();
      const acknowledged: string[] = [];
      survived = await live(here, fatal, acknowledged);
      deaths += survived ? 0 : 1;
      const next = await SweptGateway.open(here);
      for (const { passport, client } of submissions) {
        const again = await next.submit(passport, client);
        expect(again).toMatchObject({ outcome: 'accepted', ...(acknowledged.includes(passport) ? { first: false } : {}) });
      }
      expect(await next.resolved(ported)).toEqual([OF_FROM.domain, OTT.domain]);
      here.clock.advance(effective - here.clock.seconds);
      expect(await next.resolved(ported)).toEqual([OTT.domain, OF_TO.domain]);
      await next.gateway.expireMappings();
      expect(await next.gateway.expireMappings()).toBe(0);
      await next.expectWhole();
      await next.close();
      await rm(join(here.dataDir, '..'), { recursive: true, force: true });
    }
    expect(survived).toBe(true);
    expect(deaths).toBeGreaterThan(15);
  }, 600_000);
});
