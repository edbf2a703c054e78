import { cp, mkdtemp, readdir, rm, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PrincipalDirectory } from '../../src/adapters/configuration/index.js';
import { fsckDirectory } from '../../src/cli/audit-fsck-directory.js';
import type { Principal, World } from '../../src/gateway/index.js';
import { parseLeaf } from '../../src/log/index.js';
import type { PrincipalTerms } from '../../src/policy/index.js';
import { DyingFileSystem, type Death } from '../support/dying-file-system.js';
import { makePlace, makeWorld, openAt, type Opened, type Place } from '../support/open-gateway.js';

const DEATHS: readonly Death[] = ['before', 'half', 'after'];
/** More changes than a life makes. */
const MOST_CALLS = 200;
const OPERATOR: Principal = { domain: 'operator.example', kind: 'operator', class: null, spc: null };

const AP: PrincipalTerms = { kind: 'ap', class: 'consumer' };
const CHANGES: readonly (readonly [string, PrincipalTerms | null])[] = [
  ['one.example', AP],
  ['two.example', { kind: 'np', spc: '709J' }],
  ['one.example', { ...AP, suspended: true }],
  ['two.example', null],
];

describe('a gateway that ends while it onboards', () => {
  const directories: string[] = [];
  let made: Place;
  let world: World;
  beforeAll(async () => {
    made = await makePlace();
    directories.push(dirname(made.dataDir));
    world = await makeWorld(made);
    await (await openAt(made, { world })).close();
  });
  afterAll(async () => {
    for (const directory of directories) await rm(directory, { recursive: true, force: true });
  });

  const fresh = async (): Promise<Place> => {
    const directory = await mkdtemp(join(tmpdir(), 'signpost-onboarding-'));
    directories.push(directory);
    const dataDir = join(directory, 'data');
    await cp(made.dataDir, dataDir, { recursive: true });
    return { ...made, dataDir };
  };

  const directoryOf = ({ gateway, data }: Opened): Promise<PrincipalDirectory> =>
    PrincipalDirectory.open({
      records: data.principals,
      gateway,
      fromFile: (domain) => (domain === OPERATOR.domain ? OPERATOR : undefined),
    });

  /** Makes the changes, one after another, and saves a snapshot between them; tells how many were acknowledged. */
  const live = async (place: Place, fs: DyingFileSystem, fatal: number, acknowledged: (count: number) => void): Promise<void> => {
    const opened = await openAt(place, { fs, world });
    const principals = await directoryOf(opened);
    fs.arm(fatal);
    for (const [i, [domain, terms]] of CHANGES.entries()) {
      place.clock.advance(1);
      await principals.change(domain, terms, OPERATOR.domain);
      acknowledged(i + 1);
      if (i === 1) await opened.gateway.snapshot();
    }
    await opened.publisher.publish();
    await opened.close();
  };

  /** What the log says, change by change. */
  const logged = async ({ data }: Opened): Promise<unknown[]> => {
    const said = [];
    for await (const { record } of data.wal.read(0)) {
      const { who } = parseLeaf(record.leaf);
      said.push([who?.dom, who?.kind, who?.susp]);
    }
    return said;
  };

  const EXPECTED = [
    ['one.example', 'ap', false],
    ['two.example', 'np', false],
    ['one.example', 'ap', true],
    ['two.example', null, false],
  ];

  /** What the first `count` changes leave in force. */
  const inForce = (count: number): unknown[] =>
    ['one.example', 'two.example'].map((domain) => CHANGES.slice(0, count).findLast(([name]) => name === domain)?.[1] ?? null);

  test('at each of its writes in turn has in force after the next start what its log says, and that is all it acknowledged', async () => {
    let survived = false;
    let deaths = 0;
    for (let fatal = 1; fatal <= MOST_CALLS && !survived; fatal += 1) {
      const here = await fresh();
      const fs = new DyingFileSystem(0, DEATHS[fatal % 3] as Death, 'freeze');
      let acknowledged = 0;
      const life = live(here, fs, fatal, (count) => (acknowledged = count));
      survived = await Promise.race([life.then(() => true), fs.dead.then(() => false)]);
      deaths += survived ? 0 : 1;
      await fs.bury();
      for (const name of await readdir(here.dataDir)) if (name.startsWith('lock')) await rm(join(here.dataDir, name), { force: true });
      const opened = await openAt(here, { world });
      const principals = await directoryOf(opened);
      const count = opened.gateway.logSize;
      expect(count === acknowledged || count === acknowledged + 1).toBe(true);
      expect(await logged(opened)).toEqual(EXPECTED.slice(0, count));
      expect(['one.example', 'two.example'].map((domain) => principals.state(domain)?.terms ?? null)).toEqual(inForce(count));
      await opened.publisher.publish();
      await opened.close();
      expect((await fsckDirectory(here.dataDir, {})).problem).toBeNull();
    }
    expect(survived).toBe(true);
    expect(deaths).toBeGreaterThan(40);
  }, 600_000);

  test('has an auditor name a record that is gone, once a snapshot covers its leaf', async () => {
    const here = await fresh();
    await live(here, new DyingFileSystem(0, 'before', 'freeze'), MOST_CALLS, () => undefined);
    const opened = await openAt(here, { world });
    await opened.gateway.snapshot();
    await opened.close();
    expect((await fsckDirectory(here.dataDir, {})).problem).toBeNull();
    const folder = join(here.dataDir, 'principals');
    const [name = ''] = await readdir(folder);
    await unlink(join(folder, name));
    expect((await fsckDirectory(here.dataDir, {})).problem?.path).toBe('principals');
  }, 60_000);
});
