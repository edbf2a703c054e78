import { readFileSync } from 'node:fs';
import { importP256 } from '../passport/index.js';
import { median, type BenchOptions, type BenchResult, type Figure } from './bench-figure.js';
import { numberAt, passportAt, PROVIDER, SPC, withPlace, type BenchPlace } from './bench-place.js';
import type { StreamResult } from './bench-stream.js';
import { verifyRaw, type Sample } from './bench-verdict.js';
import { Worker } from './bench-worker.js';

/** What one kind of import came to. */
interface Run {
  readonly perSecond: number;
  /** Microseconds of CPU that the gateway's own thread took for a line; null where the system does not tell. */
  readonly cpu: number | null;
}

/**
 * An import of PASSporTs as one NDJSON stream over HTTPS, each line durable and answered with its receipt. Warm: all under one credential. Cold: each
 * under one of its own. Beside it, round by round: node:crypto verifying the same signatures on one core, which is all that cannot be left out.
 */
export const measure = ({ quick, tell }: BenchOptions): Promise<BenchResult> =>
  withPlace(async (place) => {
    const rounds = quick ? 1 : 5;
    const each = quick ? 64 : 6000;
    const cold = quick ? 16 : 1000;
    tell(`  signing ${rounds * (each + cold)} PASSporTs, ${rounds * cold} of them under credentials of their own`);
    const now = Math.floor(Date.now() / 1000);
    const warmed = Array.from({ length: rounds * each }, (_, index) => passportAt(place.credential, index, now));
    const single = Array.from({ length: rounds * cold }, (_, i) => passportOf(place, rounds * each + i, now));
    const samples = warmed.slice(0, each).map(sampleOf(place));
    const files = { warm: place.write('warm', warmed), cold: place.write('cold', single) };
    const stream = new Worker('stream');
    const gateway = await place.start();
    try {
      const send = async (bodies: string, from: number, count: number): Promise<Run> => {
        const before = threadTime(gateway.pid);
        const { perSecond, statuses } = await stream.ask<StreamResult>({ ...place.tls, url: gateway.url, bodies, from, count });
        const after = threadTime(gateway.pid);
        if (statuses['201'] !== count) throw new Error(`an import was answered ${JSON.stringify(statuses)}`);
        return { perSecond, cpu: before === null || after === null ? null : (after - before) / count };
      };
      const [warm, own, raw]: [Run[], Run[], Raw[]] = [[], [], []];
      for (let round = 0; round < rounds; round += 1) {
        warm.push(await send(files.warm, round * each, each));
        raw.push(rawOf(samples));
        own.push(await send(files.cold, round * cold, cold));
      }
      return { figures: figuresOf(warm, own, raw), leftOut: [] };
    } finally {
      await Promise.all([stream.close(), gateway.stop()]);
    }
  });

const passportOf = ({ pki }: BenchPlace, index: number, now: number): string => {
  const numbers = [{ start: numberAt(index), count: 1 }];
  return passportAt(pki.hierarchy.delegate({ spc: SPC, provider: PROVIDER, numbers, notBefore: now }), index, now);
};

const sampleOf = ({ credential }: BenchPlace): ((passport: string) => Sample) => {
  const key = importP256(credential.key.spki);
  return (passport) => {
    const cut = passport.lastIndexOf('.');
    return { passport, signed: Buffer.from(passport.slice(0, cut)), signature: Buffer.from(passport.slice(cut + 1), 'base64url'), key };
  };
};

interface Raw {
  readonly perSecond: number;
  /** Microseconds of CPU. */
  readonly cpu: number;
}

const rawOf = (samples: readonly Sample[]): Raw => {
  const before = process.cpuUsage();
  const since = performance.now();
  for (const sample of samples) verifyRaw(sample);
  const { user, system } = process.cpuUsage(before);
  return { perSecond: (samples.length * 1000) / (performance.now() - since), cpu: (user + system) / samples.length };
};

/** Linux: 100 ticks a second, whatever the kernel's own. */
const TICK = 10_000;

/** Microseconds of CPU of a process's first thread, on which Node runs JavaScript; proc(5). */
const threadTime = (pid: number): number | null => {
  if (process.platform !== 'linux') return null;
  const [, fields = ''] = readFileSync(`/proc/${pid}/task/${pid}/stat`, 'utf8').split(/\) /);
  const [user, system] = fields.split(' ').slice(11, 13).map(Number);
  return ((user ?? 0) + (system ?? 0)) * TICK;
};

const figuresOf = (warm: readonly Run[], cold: readonly Run[], raw: readonly Raw[]): Figure[] => {
  const rate = (runs: readonly { readonly perSecond: number }[]): number => median(runs.map(({ perSecond }) => perSecond));
  const limit = { what: 'node:crypto verifying on one core', value: rate(raw) };
  const cpu = warm.flatMap((run) => (run.cpu === null ? [] : [run.cpu]));
  const rawCpu = median(raw.map((one) => one.cpu));
  return [
    {
      bench: 'import',
      what: 'NDJSON import over HTTPS, durable, one warm credential',
      value: rate(warm),
      unit: '/s',
      limit,
      ratio: median(warm.map((run, i) => run.perSecond / (raw[i]?.perSecond ?? Number.NaN))),
      bar: { of: 'ratio', sense: 'at least', bound: 0.35 },
    },
    { bench: 'import', what: 'the same, a credential for each number', value: rate(cold), unit: '/s', limit, bar: null },
    ...(cpu.length === 0
      ? []
      : [
          {
            bench: 'import',
            what: 'a line under a warm credential, on the thread of the gateway',
            value: median(cpu),
            unit: 'us of CPU',
            limit: { what: limit.what, value: rawCpu },
            ratio: rawCpu / median(cpu),
            bar: null,
          },
        ]),
  ];
};
