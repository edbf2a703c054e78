import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { openWal } from '../adapters/files/index.js';
import type { WalRecord, WriteAheadLog } from '../ports/index.js';
import { median, percentile, type BenchOptions, type BenchResult } from './bench-figure.js';

/** DESIGN section 3: a batch is at most 100 ms or 2,000 leaves. */
const BATCH_MS = 100;
const BATCH_LEAVES = 2000;
/** Leaves offered each second: above the bar, so that the bar is measured and not the offer. */
const OFFERED = 15_000;
const TICK_MS = 5;

/**
 * The write-ahead log under a steady offer of leaves: what was durable each second, and how long each leaf waited for that, its batch's
 * gathering included. Beside it, in alternation: the same octets to a plain file, one write and one fdatasync a batch.
 */
export const measure = async ({ quick }: BenchOptions): Promise<BenchResult> => {
  const directory = await mkdtemp(join(tmpdir(), 'signpost-bench-log-'));
  try {
    const rounds = quick ? 1 : 4;
    const seconds = quick ? 0.3 : 2;
    const wal = await openWal(join(directory, 'wal'));
    const own: Run[] = [];
    const bare: Run[] = [];
    for (let round = 0; round < rounds; round += 1) {
      own.push(await offer(appendToWal(wal), seconds));
      const file = await open(join(directory, `bare-${round}`), 'ax');
      bare.push(await offer(appendToFile(file), seconds));
      await file.close();
    }
    await wal.close();
    return { figures: figuresOf(own, bare), leftOut: [] };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

interface Run {
  readonly leavesPerSecond: number;
  /** ms each leaf waited until it was durable. */
  readonly waits: readonly number[];
}

type Append = (records: readonly WalRecord[]) => Promise<void>;

const figuresOf = (own: readonly Run[], bare: readonly Run[]): BenchResult['figures'] => {
  const rate = (runs: readonly Run[]): number => median(runs.map((run) => run.leavesPerSecond));
  const slow = (runs: readonly Run[]): number =>
    percentile(
      runs.flatMap((run) => run.waits),
      99,
    );
  const what = `the same octets to a file, one fdatasync a batch, ${OFFERED.toLocaleString('en-US')}/s offered`;
  return [
    {
      bench: 'log',
      what: 'leaves made durable',
      value: rate(own),
      unit: '/s',
      limit: { what, value: rate(bare) },
      bar: { of: 'value', sense: 'at least', bound: 10_000 },
    },
    {
      bench: 'log',
      what: 'wait for durability, p99',
      value: slow(own),
      unit: 'ms',
      limit: { what, value: slow(bare) },
      bar: { of: 'value', sense: 'at most', bound: 250 },
    },
  ];
};

/** Offers leaves at a steady rate, whether or not the log keeps up, and batches them as the sequencer does. */
const offer = async (append: Append, seconds: number): Promise<Run> => {
  const waits: number[] = [];
  const waiting: number[] = [];
  const start = performance.now();
  const deadline = start + seconds * 1000;
  let offered = 0;
  const arrive = (): void => {
    const due = Math.floor(((Math.min(performance.now(), deadline) - start) / 1000) * OFFERED);
    for (; offered < due; offered += 1) waiting.push(start + (offered / OFFERED) * 1000);
  };
  const ticking = setInterval(arrive, TICK_MS);
  while (performance.now() < deadline || waiting.length > 0) {
    await wait(Math.max(1, (waiting[0] ?? performance.now()) + BATCH_MS - performance.now()));
    arrive();
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH_LEAVES);
      await append(batch.map(record));
      const now = performance.now();
      for (const arrived of batch) waits.push(now - arrived);
      if (waiting.length < BATCH_LEAVES) break;
    }
  }
  clearInterval(ticking);
  return { leavesPerSecond: waits.length / ((performance.now() - start) / 1000), waits };
};

/** As large as an accepted registration's: a leaf, and its sealed event. */
const LEAF = randomBytes(640);
const SEALED = randomBytes(420);
const record = (): WalRecord => ({ leaf: LEAF, sealed: SEALED, keySlot: 1 });

const appendToWal =
  (wal: WriteAheadLog): Append =>
  (records) =>
    wal.append(wal.size, records);

const appendToFile =
  (file: FileHandle): Append =>
  async (records) => {
    await file.write(Buffer.concat(records.flatMap(({ leaf, sealed }) => [leaf, sealed])));
    await file.datasync();
  };
