import { Command } from 'commander';
import { backUp } from '../adapters/files/index.js';
import { printReport, reportFailure, type AuditReport } from './audit-report.js';

interface Options {
  readonly out: string;
  readonly keys?: string;
  readonly json?: true;
}

const command = (): Command =>
  new Command('signpost backup')
    .description(
      'Copy a data directory, also while a gateway runs on it: log, vault, evidence and what no start could make again. Exit 0 saved, 1 the directory is damaged, 2 could not be run.',
    )
    .argument('<data>', 'data directory')
    .requiredOption('--out <dir>', 'an empty folder, or one to make; only its owner may read it')
    .option('--keys <dir>', 'put the keys there, apart: without them nobody can read what is sealed, or sign as this log')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nA backup brings back what was erased after it, until its keys are gone: let none live longer than 30 days.' +
        '\nA gateway goes on from a backup only where nothing was published since: docs/operations.md, Backup and restore.',
    )
    .exitOverride();

const saved = async (data: string, { out, keys }: Options): Promise<AuditReport> => {
  const { size, root, files, at } = await backUp(data, out, { now: Date.now(), ...(keys === undefined ? {} : { keysTo: keys }) });
  const octets = files.reduce((sum, file) => sum + file.octets, 0);
  const where =
    keys === undefined
      ? 'its keys are in it: who reads it can open every entry and sign as this log'
      : `its keys are in ${keys}: keep them elsewhere`;
  return {
    code: 0,
    json: { saved: true, out, keys: keys ?? null, at, size, root, files: files.length, octets },
    words: `saved: ${size} entries under root ${root}, ${files.length} files, ${octets} octets in ${out}; ${where}`,
  };
};

/** `signpost backup` */
export const run = async (argv: string[]): Promise<number> => {
  const parser = command();
  try {
    parser.parse(argv, { from: 'user' });
  } catch (error) {
    return printReport(reportFailure(error), false);
  }
  const options = parser.opts<Options>();
  const [data = ''] = parser.args;
  return printReport(await saved(data, options).catch(reportFailure), options.json === true);
};
