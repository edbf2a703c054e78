import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { encodePem } from '../encoding/index.js';
import { fsckDirectory } from './audit-fsck-directory.js';
import type { BenchOptions, BenchResult, Figure } from './bench-figure.js';
import { fillLog, type Credentials } from './bench-fill.js';
import { SPC, withPlace, type BenchPlace } from './bench-place.js';
import { startRedis } from './bench-redis.js';
import type { SweepResult, SweepTask } from './bench-sweep.js';
import { Worker } from './bench-worker.js';

interface Case {
  readonly what: string;
  readonly credentials: Credentials;
  readonly change: (place: BenchPlace, pki: string) => Promise<SweepTask['change']>;
  readonly falling: (count: number) => number;
}

/** The CRL of the NP with the place's credential on it. */
const listCredential = async (place: BenchPlace, pki: string): Promise<SweepTask['change']> => {
  const crl = place.pki.hierarchy.crls().get(`np-${SPC}`);
  if (crl === undefined) throw new Error('the NP has no CRL');
  return [{ file: join(pki, 'crls', `np-${SPC}.pem`), text: encodePem('X509 CRL', crl) }];
};

const TRUST = z.looseObject({ anchors: z.array(z.looseObject({ profile: z.string() })) });

/** The trust policy without the anchor that the credentials lead to. */
const removeAnchor = async (_: BenchPlace, pki: string): Promise<SweepTask['change']> => {
  const file = join(pki, 'policies', 'trust.yaml');
  const trust = TRUST.parse(parse(await readFile(file, 'utf8')));
  return [{ file, text: stringify({ ...trust, anchors: trust.anchors.filter(({ profile }) => profile !== 'delegate') }) }];
};

const CASES: readonly Case[] = [
  { what: 'of one credential, listed on a CRL', credentials: 'one', change: listCredential, falling: (count) => count },
  { what: 'of a credential each, their anchor removed', credentials: 'own', change: removeAnchor, falling: (count) => count },
  { what: 'of a credential each, one listed on a CRL', credentials: 'own', change: listCredential, falling: () => 1 },
];

/** ms: what waits for the loop is then late, but not lost. */
const LONGEST_STALL = 100;
/** Each a gateway of its own, the worst of which is told. */
const ROUNDS = 2;

/**
 * Stored mappings judged again: from a reload until the last mapping that its change takes away is gone and every leaf durable, in memory and in Redis.
 * Each run is a gateway in a fresh process over a copy of the same data; afterwards every number is looked up, and after the first run the data directory
 * is examined as an auditor would. Beside it: as large a store of the same kind, walked, and as many subjects put again.
 */
export const measure = ({ quick, tell }: BenchOptions): Promise<BenchResult> =>
  withPlace(async (place) => {
    const count = quick ? 1200 : 100_000;
    for (const credentials of ['one', 'own'] as const) {
      tell(`  filling a log with ${count} registrations, ${credentials === 'one' ? 'of one credential' : 'of a credential each'}`);
      await fillLog(place, credentials, count, credentials);
    }
    const [endEntity = Buffer.alloc(0)] = place.credential.path;
    place.pki.hierarchy.revoke(endEntity, place.pki.hierarchy.authority(`np-${SPC}`), 'keyCompromise');
    const figures: Figure[] = [];
    const leftOut: string[] = [];
    for (const store of ['memory', 'Redis'] as const) {
      for (const one of quick && store === 'Redis' ? CASES.slice(0, 1) : CASES) {
        tell(`  ${count} mappings in ${store}, ${one.what}`);
        const runs: SweepResult[] = [];
        for (let round = 0; round < (quick ? 1 : ROUNDS); round += 1) {
          const run = await runOnce(place, one, { store, count, isExamined: round === 0 });
          if (run === null) break;
          runs.push(run);
          // A later case that fails would take the figures of the earlier ones with it.
          tell(`    the last was gone after ${(run.ms / 1000).toFixed(2)} s; longest turn ${run.held.turn.toFixed(0)} ms of CPU`);
        }
        if (runs.length === 0) leftOut.push(`mappings in Redis judged again, ${one.what}: redis-server cannot be started`);
        else figures.push(...figuresOf(`${count} mappings ${one.what}, in ${store}`, runs));
      }
    }
    return { figures, leftOut };
  });

interface Run {
  readonly store: 'memory' | 'Redis';
  readonly count: number;
  /** Whether the data directory is examined afterwards. */
  readonly isExamined: boolean;
}

/** Null where there is no Redis. */
const runOnce = async (place: BenchPlace, one: Case, { store, count, isExamined }: Run): Promise<SweepResult | null> => {
  const [data, pki] = [join(place.directory, 'data'), join(place.directory, 'pki-changed')];
  const server = store === 'Redis' ? await startRedis() : null;
  if (store === 'Redis' && server === null) return null;
  const worker = new Worker('sweep');
  try {
    await cp(join(place.directory, one.credentials), data, { recursive: true });
    await cp(place.pki.directory, pki, { recursive: true });
    const task: SweepTask = {
      data,
      pki,
      store: server?.url ?? 'memory',
      change: await one.change(place, pki),
      count,
      falling: one.falling(count),
    };
    const result = await worker.ask<SweepResult>(task);
    const { problem } = isExamined ? await fsckDirectory(data, {}) : { problem: null };
    if (problem !== null) throw new Error(`audit fsck: ${problem.path}: ${problem.what}`);
    return result;
  } finally {
    await worker.close();
    await server?.stop();
    await Promise.all([data, pki].map((directory) => rm(directory, { recursive: true, force: true })));
  }
};

const figuresOf = (what: string, runs: readonly SweepResult[]): Figure[] => {
  const worst = (of: (run: SweepResult) => number): number => Math.max(...runs.map(of));
  const bar = { of: 'value', sense: 'at most', bound: LONGEST_STALL } as const;
  return [
    {
      bench: 'revoke',
      what,
      value: worst(({ ms }) => ms) / 1000,
      unit: 's',
      limit: { what: 'the same store walked, and as many put', value: Math.min(...runs.map(({ bare }) => bare)) / 1000 },
      bar: { of: 'value', sense: 'at most', bound: 5 },
    },
    {
      bench: 'revoke',
      what: 'longest turn of the loop meanwhile',
      value: worst(({ held }) => held.turn),
      unit: 'ms of CPU',
      limit: { what: 'an idle loop', value: worst(({ idle }) => idle.turn) },
      bar,
    },
    {
      bench: 'revoke',
      what: 'longest stall of the loop meanwhile, by the clock',
      value: worst(({ held }) => held.stall),
      unit: 'ms',
      limit: { what: 'an idle loop', value: worst(({ idle }) => idle.stall) },
      bar,
    },
  ];
};
