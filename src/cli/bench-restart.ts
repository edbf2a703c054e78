import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { BenchOptions, BenchResult } from './bench-figure.js';
import { fillLog } from './bench-fill.js';
import { withPlace } from './bench-place.js';

/**
 * From the start of the process until it is ready, with many mappings that were all registered today: once after an orderly stop, and once
 * after kill -9. The log is filled by the gateway's own sequencer, which skips only the signatures; a restart verifies none. Beside it: a bare
 * node process that reads the same files.
 */
export const measure = ({ quick, tell }: BenchOptions): Promise<BenchResult> =>
  withPlace(async (place) => {
    const count = quick ? 4000 : 1_000_000;
    tell(`  filling a log with ${count} registrations`);
    await fillLog(place, 'data', count, 'one');
    tell('  starting, stopping, starting, killing, starting');
    const first = await place.start();
    await first.stop();
    const ordered = await place.start();
    await ordered.kill();
    const bare = readBare(join(place.directory, 'data'));
    const killed = await place.start();
    await killed.stop();
    const figure = (what: string, milliseconds: number): BenchResult['figures'][number] => ({
      bench: 'restart',
      what: `start to ready, ${count} mappings, after ${what}`,
      value: milliseconds / 1000,
      unit: 's',
      limit: { what: 'bare node reading the same snapshot', value: bare / 1000 },
      bar: { of: 'value', sense: 'at most', bound: 5 },
    });
    return { figures: [figure('an orderly stop', ordered.readyAfter), figure('kill -9', killed.readyAfter)], leftOut: [] };
  });

/** Milliseconds that a process takes to start and read the newest snapshot. */
const readBare = (data: string): number => {
  const script = `const fs=require('fs');const d=process.argv[1]+'/snapshot';const f=fs.existsSync(d)&&fs.readdirSync(d).sort().at(-1);if(f)fs.readFileSync(d+'/'+f)`;
  const since = performance.now();
  const { status } = spawnSync(process.execPath, ['-e', script, data], { stdio: 'ignore' });
  if (status !== 0) throw new Error('the snapshot could not be read');
  return performance.now() - since;
};
