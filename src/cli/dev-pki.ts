import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { Command, CommanderError } from 'commander';
import { makeDevPki } from '../adapters/desk/index.js';
import { CRL_LIFETIME } from '../issuance/index.js';

interface Options {
  readonly out: string;
  readonly json?: true;
}

const make = ({ out, json }: Options): void => {
  const now = Date.now();
  makeDevPki({ out, now: () => now, random: randomBytes });
  const until = new Date((Math.floor(now / 1000) + CRL_LIFETIME) * 1000).toISOString();
  const manifest = resolve(out, 'manifest.json');
  const text = json === true ? JSON.stringify({ manifest, until }) : `${manifest}\ngood until ${until}; every key in it is a test key`;
  process.stdout.write(`${text}\n`);
};

/** `signpost dev-pki`: writes a development PKI. 0 made, 2 could not be made. */
export const run = async (argv: string[]): Promise<number> => {
  const command = new Command('signpost dev-pki')
    .description('Write a development PKI: anchors, CAs, credentials, CRLs, client certificates and policies. Never for production.')
    .requiredOption('--out <dir>', 'directory to write; it must not hold a PKI yet')
    .option('--json', 'answer as one JSON object')
    .exitOverride()
    .action(make);
  try {
    await command.parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(`${error instanceof Error ? error.message : 'could not be made'}\n`);
    return 2;
  }
};
