import { Command, CommanderError, Option } from 'commander';
import type { BenchOptions, BenchResult, Figure } from './bench-figure.js';
import { jsonOf, tableOf } from './bench-table.js';
import { serveWorker, WORKERS, type WorkerName } from './bench-worker.js';

/** In the order in which they are told. Loaded when measured: what one needs must not weigh on another. */
const BENCHES: Record<string, () => Promise<(options: BenchOptions) => Promise<BenchResult>>> = {
  verdict: async () => (await import('./bench-verdict.js')).measure,
  x5u: async () => (await import('./bench-x5u.js')).measure,
  submissions: async () => (await import('./bench-submissions.js')).measure,
  import: async () => (await import('./bench-import.js')).measure,
  lookups: async () => (await import('./bench-lookups.js')).measure,
  alike: async () => (await import('./bench-alike.js')).measure,
  log: async () => (await import('./bench-log.js')).measure,
  memory: async () => (await import('./bench-memory.js')).measure,
  crl: async () => (await import('./bench-crl.js')).measure,
  numbering: async () => (await import('./bench-numbering.js')).measure,
  revoke: async () => (await import('./bench-revoke.js')).measure,
  restart: async () => (await import('./bench-restart.js')).measure,
  fsck: async () => (await import('./bench-fsck.js')).measure,
  replay: async () => (await import('./bench-replay.js')).measure,
  desk: async () => (await import('./bench-desk.js')).measure,
};

interface Options {
  readonly quick?: boolean;
  readonly only?: string;
  readonly json?: boolean;
  readonly worker?: WorkerName;
}

/**
 * `signpost bench`: every promised figure beside its limit, measured in the same run. Bars are told, met or not: the exit code is 2 only
 * when something could not be run.
 */
export const run = async (argv: string[]): Promise<number> => {
  const command = new Command('signpost bench')
    .description(
      'measure: verdicts, x5u, submissions, imports, lookups and whether they tell who is there, the log, memory, CRLs, numbering data, mappings judged again, restart, decisions judged again',
    )
    .exitOverride()
    .addOption(new Option('--only <name>', 'one of them').choices(Object.keys(BENCHES)))
    .option('--quick', 'small counts: shows that it runs, measures nothing')
    .option('--json', 'JSON to standard output')
    .addOption(new Option('--worker <name>', 'be a process of the benchmark').choices(Object.keys(WORKERS)).hideHelp());
  try {
    command.parse(argv, { from: 'user' });
  } catch (error) {
    return error instanceof CommanderError && error.exitCode === 0 ? 0 : 2;
  }
  const options = command.opts<Options>();
  try {
    return options.worker === undefined ? await measureAll(options) : await serveWorker(options.worker);
  } catch (error) {
    process.stderr.write(`could not be measured: ${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
};

const measureAll = async (options: Options): Promise<number> => {
  const names = options.only === undefined ? Object.keys(BENCHES) : [options.only];
  const figures: Figure[] = [];
  const leftOut: string[] = [];
  const tell = (text: string): void => void process.stderr.write(`${text}\n`);
  for (const name of names) {
    tell(`${name} ...`);
    const measure = await BENCHES[name]?.();
    const result = await measure?.({ quick: options.quick === true, tell });
    figures.push(...(result?.figures ?? []));
    leftOut.push(...(result?.leftOut ?? []));
  }
  const text = options.json === true ? JSON.stringify({ figures: jsonOf(figures, commandOf), leftOut }) : wordsOf(figures, leftOut);
  process.stdout.write(`${text}\n`);
  return 0;
};

const commandOf = (bench: string): string => `npm run bench -- --only ${bench}`;

const wordsOf = (figures: readonly Figure[], leftOut: readonly string[]): string =>
  [tableOf(figures, commandOf), ...leftOut.map((what) => `left out: ${what}`)].join('\n');
