import { stat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openDataDirectory } from '../adapters/files/index.js';
import { MemoryMappingStore, MemoryQuotaStore } from '../adapters/memory/index.js';
import { systemClock, systemRandom } from '../adapters/system/index.js';
import { openGateway, type Principal } from '../gateway/index.js';
import { Unavailable } from '../reasons/index.js';
import { Verifier } from '../verification/index.js';
import { auditReplay } from './audit-replay.js';
import type { BenchOptions, BenchResult } from './bench-figure.js';
import { NO_STATUS, generationOf, passportAt, PROVIDER, withPlace, type BenchPlace } from './bench-place.js';
import { materialOf } from './bench-verdict.js';

const CLIENT: Principal = { domain: PROVIDER, kind: 'ap', class: 'consumer', spc: null };
/** Submissions that wait together. */
const TOGETHER = 1000;
/** PASSporTs of the bare verification. */
const BARE = 10_000;

/**
 * A log of registrations with their evidence, judged again as `audit replay` does it: beside it the bare verification of such PASSporTs, warm, on one
 * core. Both by the clock on the wall: a replay may use every core.
 */
export const measure = ({ quick, tell }: BenchOptions): Promise<BenchResult> =>
  withPlace(async (place) => {
    const count = quick ? 200 : 100_000;
    tell(`  signing and submitting ${count} registrations`);
    const directory = join(place.directory, 'replayed');
    const sample = await fill(place, directory, count);
    const octets = await sizeOf(join(directory, 'evidence'));
    const bare = bareRate(place, sample);
    tell(`  judging ${count} decisions again`);
    const start = performance.now();
    const { json, words } = await auditReplay(directory, {});
    const seconds = (performance.now() - start) / 1000;
    if (json['equal'] !== count) throw new Error(`not all were judged again the same: ${words}`);
    return {
      figures: [
        {
          bench: 'replay',
          what: `decisions judged again from their evidence, all ${count} equal`,
          value: count / seconds,
          unit: '/s',
          limit: { what: 'bare verification, warm, one core', value: bare },
          bar: { of: 'ratio', sense: 'at least', bound: 0.5 },
        },
        { bench: 'replay', what: 'evidence of a registration on the disk', value: octets / count, unit: 'octets', limit: null, bar: null },
      ],
      leftOut: [],
    };
  });

/** Fills a log through the gateway's own use case; the last PASSporTs of it. */
const fill = async (place: BenchPlace, directory: string, count: number): Promise<readonly string[]> => {
  const { configuration, world } = await generationOf(place);
  const { origin } = configuration.policies.gateway;
  const { keys, tiles, ...data } = await openDataDirectory(directory, { origin, clock: systemClock });
  const nothing = (): Promise<never> => Promise.reject(new Unavailable('credential-unavailable'));
  const gateway = await openGateway({
    ...data,
    world,
    store: new MemoryMappingStore(),
    storeIsVolatile: true,
    quotas: new MemoryQuotaStore(),
    onScan: () => undefined,
    logStorage: tiles,
    receiptSigner: keys.receipt,
    credentials: { chain: nothing, tnAuthList: nothing },
    status: NO_STATUS,
    origin,
    pepper: keys.pepper,
    epoch: 1,
    clock: systemClock,
    random: systemRandom,
    gateway: 'signpost@bench',
  });
  let last: string[] = [];
  for (let from = 0; from < count; from += TOGETHER) {
    const now = Math.floor(Date.now() / 1000);
    const passports = Array.from({ length: Math.min(TOGETHER, count - from) }, (_, i) => passportAt(place.credential, from + i, now));
    for (const { outcome } of await Promise.all(passports.map((passport) => gateway.submit(passport, CLIENT))))
      if (outcome !== 'accepted') throw new Error(`a registration of the benchmark was ${outcome}`);
    last = [...last, ...passports].slice(-BARE);
  }
  await gateway.drain();
  await data.close();
  return last;
};

const bareRate = (place: BenchPlace, passports: readonly string[]): number => {
  const verifier = new Verifier(materialOf(place.pki));
  const at = Date.now();
  const judge = (passport: string): void => {
    if (!verifier.verify({ passport, client: { domain: PROVIDER }, at }).accepted)
      throw new Error('a PASSporT of the benchmark was refused');
  };
  passports.slice(0, passports.length / 2).forEach(judge);
  const measured = passports.slice(passports.length / 2);
  const start = performance.now();
  measured.forEach(judge);
  return (measured.length * 1000) / (performance.now() - start);
};

const sizeOf = async (directory: string): Promise<number> => {
  let octets = 0;
  for (const name of (await readdir(directory)).filter((one) => one.endsWith('.wal'))) octets += (await stat(join(directory, name))).size;
  return octets;
};
