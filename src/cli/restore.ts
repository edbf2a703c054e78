import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { restore } from '../adapters/files/index.js';
import { CannotRun, printReport, reportFailure, type AuditReport } from './audit-report.js';

interface Options {
  readonly data: string;
  readonly lastCheckpoint?: readonly string[];
  readonly frozen?: true;
  readonly keys?: string;
  readonly json?: true;
}

const command = (): Command =>
  new Command('signpost restore')
    .description(
      'Make a data directory of a backup. A log that went back would be continued another way than it was published, so say what was published last, or restore it for reading alone. Exit 0 restored, 1 the backup is damaged or behind, 2 could not be run.',
    )
    .argument('<backup>', 'what signpost backup wrote')
    .requiredOption('--data <dir>', 'an empty folder, or one to make')
    .option(
      '--last-checkpoint <file...>',
      "the newest checkpoints that anybody outside has: each witness's copy, a mirror's, an auditor's; the backup must hold the log up to every one",
    )
    .option('--frozen', 'for reading alone (audit fsck, open, replay, export): no gateway ever starts there')
    .option('--keys <dir>', 'the folder of the keys, where backup put them apart')
    .option('--json', 'print JSON')
    .exitOverride();

const readCheckpoints = async (files: readonly string[]): Promise<Uint8Array[]> => {
  const read = files.map(async (file) => {
    const octets = await readFile(file).catch(() => null);
    if (octets === null) throw new CannotRun(`${file} cannot be read`);
    return octets;
  });
  return await Promise.all(read);
};

const restored = async (backup: string, { data, lastCheckpoint, frozen, keys }: Options): Promise<AuditReport> => {
  if ((lastCheckpoint === undefined) !== (frozen === true))
    throw new CannotRun('give either --last-checkpoint, the newest that was published, or --frozen, to read alone');
  const published = lastCheckpoint === undefined ? null : await readCheckpoints(lastCheckpoint);
  const result = await restore(backup, data, { published, ...(keys === undefined ? {} : { keysFrom: keys }) });
  if (result.outcome === 'damaged') {
    const { problems } = result;
    const lines = problems.map(({ path, what }) => `\n  ${path} ${what}`);
    return {
      code: 1,
      json: { restored: false, reason: 'log-corrupt', problems },
      words: `does not hold: the backup is damaged:${lines.join('')}`,
    };
  }
  const { manifest, signedSize } = result;
  const { size, root, at } = manifest;
  const next =
    signedSize === null
      ? 'for reading alone: what was erased since is in it again, and no gateway starts there'
      : `a gateway goes on from what was published, ${signedSize} entries; run audit fsck first`;
  return {
    code: 0,
    json: { restored: true, data, at, size, root, frozen: signedSize === null, published: signedSize },
    words: `restored: ${size} entries under root ${root}, saved at ${at}, to ${data}; ${next}`,
  };
};

/** `signpost restore` */
export const run = async (argv: string[]): Promise<number> => {
  const parser = command();
  try {
    parser.parse(argv, { from: 'user' });
  } catch (error) {
    return printReport(reportFailure(error), false);
  }
  const options = parser.opts<Options>();
  const [backup = ''] = parser.args;
  return printReport(await restored(backup, options).catch(reportFailure), options.json === true);
};
