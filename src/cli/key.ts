import { Command } from 'commander';
import { rotateVaultKey } from '../adapters/files/index.js';
import { CannotRun, printReport, reportFailure, type AuditReport } from './audit-report.js';

interface Options {
  readonly data: string;
  readonly json?: true;
}

/** What cannot be rotated, and what to do where it is lost or known to others. */
const FIXED: Readonly<Record<string, string>> = {
  log: "the log's key is the log: whoever holds its verifier key knows the log by nothing else. Where it is known to others, stop the gateway, freeze the log, and begin a new one in another folder, under another origin",
  receipt:
    'receipts and signed answers are held for years under the receipt key that was given out. Where it is known to others, they prove nothing any more: entries of the log do, under its checkpoints; begin a new log to have a new one',
  pepper:
    'every subject, fence and spent PASSporT is known by its HMAC under the pepper: under another one, what was released or withdrawn could come back. Where it is known to others, guard the data directory and Redis: with either, the numbers in it can be tried out',
};

const command = (rotate: (name: string, options: Options) => Promise<void>): Command => {
  const key = new Command('signpost key').description("the gateway's own keys").exitOverride();
  key
    .command('rotate')
    .description(
      'Put a new key in place of one, while no gateway runs on the data directory. NAME is vault: the key that wraps the keys of subjects. ' +
        'log, receipt and pepper cannot be rotated; the command says why, and what to do. Exit 0 rotated, 1 refused or damaged, 2 could not be run.',
    )
    .argument('<name>', 'vault')
    .requiredOption('--data <dir>', 'data directory')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nWhoever has the old vault.key and an old copy of vault/ can read that copy as before: destroy every copy of the key.',
    )
    .exitOverride()
    .action(rotate);
  return key;
};

const rotated = async (name: string, { data }: Options): Promise<AuditReport> => {
  const why = Object.hasOwn(FIXED, name) ? FIXED[name] : undefined;
  if (why !== undefined) return { code: 1, json: { rotated: false, key: name, why }, words: `not rotated: ${why}` };
  if (name !== 'vault') throw new CannotRun(`there is no key ${JSON.stringify(name)}: vault can be rotated`);
  const keys = await rotateVaultKey(data);
  return {
    code: 0,
    json: { rotated: true, key: name, data, keys },
    words: `rotated: ${keys} keys of ${data} are wrapped under a new vault.key; destroy every copy of the old one, and back up anew`,
  };
};

/** `signpost key` */
export const run = async (argv: string[]): Promise<number> => {
  let code = 2;
  const rotate = async (name: string, options: Options): Promise<void> => {
    code = printReport(await rotated(name, options).catch(reportFailure), options.json === true);
  };
  try {
    await command(rotate).parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    return printReport(reportFailure(error), false);
  }
};
