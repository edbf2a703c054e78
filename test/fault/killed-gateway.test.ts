import { spawn } from 'node:child_process';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { foldLog, type Submission } from '../../src/gateway/index.js';
import {
  A,
  B,
  NP1,
  delegateFor,
  makePlace,
  openAt,
  registration,
  release,
  sharedNumber,
  withdrawal,
  type Place,
} from '../support/open-gateway.js';
import { DyingFileSystem, type Death } from '../support/dying-file-system.js';
import { live, type Plan } from '../support/gateway-life.js';

const HERE = dirname(fileURLToPath(import.meta.url));
const CHILD = join(HERE, '..', 'support', 'mortal-gateway.js');
const CLI = join(HERE, '..', '..', 'src', 'cli', 'main.js');

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
}

const run = (...argv: string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.on('close', (code, signal) => resolve({ code, signal, out, err }));
  });

/** What the map must say of a number once everything in the plan is acknowledged. */
interface Case {
  readonly tn: string;
  readonly plan: Plan['submissions'];
  readonly ssis: readonly string[];
}

/** Registers, registers and withdraws, registers and releases. */
const casesAt = (place: Place, round: number): Case[] => {
  const [kept, withdrawn, released] = [0, 1, 2].map((i) => sharedNumber(1 + ((round * 3 + i) % 48))) as [string, string, string];
  const credential = delegateFor(place, 'a.example', withdrawn);
  const registers = [kept, withdrawn, released].map((tn) => registration(place, tn, tn === withdrawn ? { credential } : {}));
  place.clock.advance(1);
  return [
    { tn: kept, plan: [{ passport: registers[0] as string, client: A }], ssis: ['mimi://a.example/u/alice'] },
    {
      tn: withdrawn,
      plan: [
        { passport: registers[1] as string, client: A },
        { passport: withdrawal(place, withdrawn, credential), client: A },
      ],
      ssis: [],
    },
    {
      tn: released,
      plan: [
        { passport: registers[2] as string, client: A },
        { passport: release(place, released), client: NP1 },
      ],
      ssis: [],
    },
  ];
};

const DEATHS: readonly Death[] = ['before', 'half', 'after'];
/** More changes than one life makes. */
const MOST_CALLS = 1000;
/** Real kills, spread over a life; between them the same with a frozen file system, which costs no process. */
const REAL_KILLS = 8;

const planOf = (place: Place, round: number): Plan => {
  place.clock.advance(20);
  const submissions = casesAt(place, round).flatMap(({ plan }) => plan);
  return { now: place.clock.ms, submissions };
};

interface Answered {
  readonly passport: string;
  readonly submission: Submission;
}

/** The lock of a frozen process names this living one: it is taken away as an operator would who knows that its holder is gone. */
const removeLocks = async ({ dataDir }: Place): Promise<void> => {
  for (const name of await readdir(dataDir).catch(() => [])) if (name.startsWith('lock')) await rm(join(dataDir, name), { force: true });
};

describe('a gateway that ends', () => {
  test('at each of its writes in turn loses nothing that it acknowledged, and its log passes fsck', async () => {
    const place = await makePlace();
    const answered: Answered[] = [];
    let deaths = 0;
    let survived = false;
    for (let fatal = 1; fatal <= MOST_CALLS && !survived; fatal += 1) {
      const plan = planOf(place, 0);
      const fs = new DyingFileSystem(fatal, DEATHS[fatal % 3] as Death, 'freeze');
      const life = live(place, fs, plan, ({ i, submission }) =>
        answered.push({ passport: plan.submissions[i]?.passport ?? '', submission }),
      );
      survived = await Promise.race([life.then(() => true), fs.dead.then(() => false)]);
      deaths += survived ? 0 : 1;
      await fs.bury();
      await removeLocks(place);
    }
    expect(survived).toBe(true);
    expect(deaths).toBeGreaterThan(60);
    await expectNothingLost(place, answered);
    const fsck = await run(CLI, 'audit', 'fsck', place.dataDir, '--json');
    expect({ code: fsck.code, err: fsck.err }).toEqual({ code: 0, err: '' });
  }, 600_000);

  test('by SIGKILL at writes spread over its life starts again by itself and has lost nothing', async () => {
    const place = await makePlace();
    const directory = dirname(place.dataDir);
    const planFile = join(directory, 'plan.json');
    const answered: Answered[] = [];
    for (let kill = 0; kill <= REAL_KILLS; kill += 1) {
      const plan = planOf(place, 0);
      await writeFile(planFile, JSON.stringify(plan));
      // The last life has no fatal write.
      const fatal = kill === REAL_KILLS ? 0 : 1 + kill * 17;
      const { signal, code, err, out } = await run(CHILD, directory, planFile, String(fatal), DEATHS[kill % 3] as Death);
      expect({ signal, code, err }).toEqual(fatal === 0 ? { signal: null, code: 0, err: '' } : { signal: 'SIGKILL', code: null, err: '' });
      for (const line of out.split('\n').filter((text) => text.startsWith('{"i":'))) {
        const { i, submission } = JSON.parse(line) as { i: number; submission: Submission };
        answered.push({ passport: plan.submissions[i]?.passport ?? '', submission });
      }
    }
    await expectNothingLost(place, answered);
  }, 600_000);
});

const expectNothingLost = async (place: Place, acknowledged: readonly Answered[]): Promise<void> => {
  const opened = await openAt(place);
  try {
    expect(acknowledged.length).toBeGreaterThan(5);
    for (const { submission } of acknowledged) {
      if (submission.outcome !== 'accepted') throw new Error(`refused with ${submission.reason}`);
      const { leafHash } = await opened.gateway.entry(submission.answer.logIndex);
      expect(Buffer.from(leafHash).toString('base64')).toBe(submission.answer.leafHash);
    }
    // The last run survived: the map says what its whole plan says.
    for (const { tn, ssis } of casesAt(place, 0)) {
      const [answer] = (await opened.gateway.lookup([{ sii: `tel:+${tn}` }], B)).answers;
      expect(answer?.mappings.map(({ ssi }) => ssi)).toEqual(ssis);
    }
    const { wal, vault, keys } = opened.data;
    const folded = await foldLog({ wal, vault, pepper: keys.pepper });
    for await (const [id, packed] of opened.store.entries()) expect(Buffer.from(packed)).toEqual(Buffer.from(folded.get(id) ?? []));
    await opened.publisher.publish();
  } finally {
    await opened.close();
  }
};
