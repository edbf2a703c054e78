import { Command, CommanderError } from 'commander';
import { ImportUsage, importNumbering, type ImportOptions } from './policy-import.js';
import { checkPolicies } from './policy-check.js';
import { diffPolicies } from './policy-diff.js';
import { tell, withPlaces, type PolicyPlaces, type PolicyReport } from './policy-places.js';
import { showNumber } from './policy-show.js';

/** `signpost policy`: exit 0 yes, 1 no (does not hold, differs, nobody holds it), 2 could not be run. */
export const run = async (argv: string[]): Promise<number> => {
  let code = 2;
  const does: Does = async (options, work, codeOfProblems) => {
    code = await tell('json' in options && options.json === true, work, codeOfProblems);
  };
  try {
    await commandOf(does).parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const isOurs = error instanceof ImportUsage || (error instanceof Error && 'code' in error);
    process.stderr.write(`${isOurs ? error.message : 'could not be run'}\n`);
    return 2;
  }
};

type Does = (options: object, work: () => Promise<PolicyReport>, codeOfProblems?: 1 | 2) => Promise<void>;

const commandOf = (does: Does): Command => {
  const policy = new Command('signpost policy').description('what the gateway decides by').exitOverride();
  withPlaces(policy.command('check').description('read policies, trust and TLS files as a start would, and say everything that is wrong'))
    .option('--json', 'JSON to standard output')
    .action((options: PolicyPlaces) => does(options, () => checkPolicies(options)));
  policy
    .command('diff')
    .description('what differs between two policy folders: exit 0 nothing, 1 something, 2 one cannot be read')
    .argument('<before>')
    .argument('<after>')
    .option('--json', 'JSON to standard output')
    .action((before: string, after: string, options: object) => does(options, () => diffPolicies(before, after), 2));
  const numbering = policy.command('numbering').description('which provider holds which numbers');
  withPlaces(
    numbering
      .command('import')
      .description(
        'check numbering data, a CSV or the signed statement of a feed with its CSV, and put them where a gateway takes them from',
      )
      .argument('<file...>'),
  )
    .option('--feed <name>', 'the feed of trust.yaml, where it names several')
    .option('--dry-run', 'write nothing; say how many numbers each provider gains and loses')
    .option('--json', 'JSON to standard output')
    .action((files: string[], options: ImportOptions) => does(options, () => importNumbering(files, options)));
  withPlaces(numbering.command('show').description('who holds a number, by each source').argument('<number>'))
    .option('--json', 'JSON to standard output')
    .action((tn: string, options: PolicyPlaces) => does(options, () => showNumber(tn, options)));
  return policy;
};
