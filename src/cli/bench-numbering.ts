import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { readInPieces } from '../adapters/configuration/index.js';
import { NumberingPlan, NumberingTable } from '../numbering/index.js';
import { median, type BenchOptions, type BenchResult } from './bench-figure.js';
import { Worker } from './bench-worker.js';

const MEGABYTE = 1e6;
const FIRST = 12_000_000_000;
/** The ported numbers are not in order; so many lines are written at once. */
const STEP = 7_368_787;
const BATCH = 20_000;

const task = z.object({ path: z.string(), ranges: z.int(), lookups: z.int() });

interface Answer {
  /** ms */
  readonly time: number;
  /** Octets, of the whole process at its most. */
  readonly peak: number;
  /** Microseconds of CPU. */
  readonly lookup: number;
  readonly verification: number;
}

/**
 * Numbering data of a country: ranges, and numbers that were ported out of them, each with its day, in no order. Read as the gateway's thread reads them, in
 * a process that does nothing else; then numbers are looked up, in CPU time, beside verifications of a signature.
 */
export const measure = async ({ quick, tell }: BenchOptions): Promise<BenchResult> => {
  const [ranges, ported] = quick ? [1_000, 10_000] : [1_000_000, 10_000_000];
  const directory = mkdtempSync(join(tmpdir(), 'signpost-bench-'));
  const path = join(directory, 'numbering.csv');
  const worker = new Worker('numbering');
  try {
    tell(`  writing ${ranges} ranges and ${ported} ported numbers`);
    write(path, ranges, ported);
    tell('  reading them');
    const { time, peak, lookup, verification } = await worker.ask<Answer>({ path, ranges, lookups: quick ? 1_000 : 100_000 });
    const what = `${ranges} ranges and ${ported} ported numbers`;
    const figure = { bench: 'numbering', limit: null } as const;
    return {
      figures: [
        {
          ...figure,
          what: `${what}, read and put in order`,
          value: time,
          unit: 'ms',
          bar: { of: 'value', sense: 'at most', bound: 60_000 },
        },
        {
          ...figure,
          what: `${what}, memory of the process`,
          value: peak / MEGABYTE,
          unit: 'MB',
          bar: { of: 'value', sense: 'at most', bound: 1000 },
        },
        {
          ...figure,
          what: 'NP of record of a number among them',
          value: lookup,
          unit: 'us of CPU',
          limit: { what: 'verifying one signature', value: verification },
          bar: { of: 'value', sense: 'at most', bound: 2 },
        },
      ],
      leftOut: [],
    };
  } finally {
    await worker.close();
    rmSync(directory, { recursive: true, force: true });
  }
};

const spcOf = (i: number): string => String(1000 + (i % 3000));

const write = (path: string, ranges: number, ported: number): void => {
  const file = openSync(path, 'w');
  let lines = ['spc,start,count,validFrom'];
  const flush = (): void => {
    writeSync(file, `${lines.join('\n')}\n`);
    lines = [];
  };
  const add = (line: string): void => {
    lines.push(line);
    if (lines.length >= BATCH) flush();
  };
  for (let i = 0; i < ranges; i += 1) add(`${spcOf(i)},${FIRST + i * 1000},1000,`);
  const apart = Math.floor((ranges * 1000) / ported);
  for (let i = 0; i < ported; i += 1) {
    const number = (i * STEP) % ported;
    const day = new Date(Date.UTC(2015, 0, 1) + (number % 4000) * 86_400_000 + (number % 86_400) * 1000);
    add(`${spcOf(number * 31)},${FIRST + number * apart},1,${day.toISOString().slice(0, 19)}Z`);
  }
  flush();
  closeSync(file);
};

/** In a process of its own: its memory is that of reading alone. */
export const work = async (given: unknown): Promise<Answer> => {
  const { path, ranges, lookups } = task.parse(given);
  const before = performance.now();
  const { read } = await readInPieces({ files: [{ path, name: 'numbering.csv' }], scope: null });
  if (!read.ok) throw new Error(read.problems.join('\n'));
  const plan = new NumberingPlan([new NumberingTable(read.value)]);
  const time = performance.now() - before;
  const peak = process.resourceUsage().maxRSS * 1024;
  const numbers = Array.from({ length: lookups }, (_, i) => String(FIRST + ((i * STEP) % (ranges * 1000))));
  const now = Date.now();
  const isVerified = verification();
  const rounds = Array.from({ length: 12 }, () => [
    costOf(numbers, (tn) => plan.holderOf(tn, now).status === 'held'),
    costOf(numbers.slice(0, lookups / 50), isVerified),
  ]);
  return { time, peak, lookup: median(rounds.map(([a = 0]) => a)), verification: median(rounds.map(([, b = 0]) => b)) };
};

/** Microseconds of CPU for one; each must come to true. */
const costOf = <T>(all: readonly T[], holds: (one: T) => boolean): number => {
  const before = process.cpuUsage();
  if (!all.every(holds)) throw new Error('a look-up of the benchmark found nothing');
  const { user, system } = process.cpuUsage(before);
  return (user + system) / all.length;
};

const verification = (): (() => boolean) => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const octets = randomBytes(512);
  const signature = sign('sha256', octets, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return () => verify('sha256', octets, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
};
