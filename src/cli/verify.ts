import { Command, CommanderError } from 'commander';
import { PassportLines } from '../verification/index.js';
import { runLines } from './lines.js';
import { runPathLines } from './path-lines.js';
import { readVerdictPolicies } from './project-policies.js';

const PASSPORT_HELP = `
One JSON object a line in, one a line out, in order:
  {"id","passport","chain":[base64 DER]|null,"anchors":{"delegate":[...],"shaken":[...],"email":[...],"numbering-authority":[...],"crl":[...]},
   "crls":[...],"crlSigners":[...],"numbering":[{"spc","start","count"}],"scopes":{"delegate":["1"]},"audience","client","at",
   "revocation":"profile"|"off"|"when-named"|"required"}
  -> {"id","accepted","reason","steps":[{"step","clause","evidence"}]}`;

const PATH_HELP = `
One JSON object a line in, one a line out, in order:
  {"id","anchors":[base64 DER],"path":[...],"crls":[...],"crlSigners":[...],"crlAnchors":[...],"at","profile","revocation","maxDepth"}
  -> {"id","accepted","reason","position"}`;

/** `signpost verify passport|path`: judges standard input offline, by lines. 0 when every line was answered. */
export const run = async (argv: string[]): Promise<number> => {
  const command = new Command('signpost verify').description('Judge PASSporTs or certificate paths offline.').exitOverride();
  command
    .command('passport')
    .description('Judge PASSporTs: JSON lines on standard input.')
    .option('--policies <dir>', "a policy folder; the project's own by default")
    .option('--json', 'answers are JSON anyway')
    .addHelpText('after', PASSPORT_HELP)
    .action(async ({ policies }: { policies?: string }) => {
      const lines = new PassportLines(readVerdictPolicies(policies));
      await runLines(process.stdin, process.stdout, (line) => lines.answer(line));
    });
  command
    .command('path')
    .description('Judge certificate paths: JSON lines on standard input.')
    .option('--json', 'answers are JSON anyway')
    .addHelpText('after', PATH_HELP)
    .action(async () => await runPathLines(process.stdin, process.stdout));
  try {
    await command.parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(`${error instanceof Error ? error.message : 'could not be run'}\n`);
    return 2;
  }
};
