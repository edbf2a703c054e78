import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { ConfigurationProblems, ProblemList, readConfiguration, type Configuration } from '../adapters/configuration/index.js';

/** Where an operator's files are. */
export interface PolicyPlaces {
  readonly pki?: string;
  readonly policies?: string;
  readonly data: string;
}

export const withPlaces = (command: Command): Command =>
  command
    .option('--data <dir>', 'data directory of the gateway', 'data')
    .option('--pki <dir>', 'PKI directory that trust.yaml is relative to (DATA/pki)')
    .option('--policies <dir>', 'policies (PKI/policies where there is one, else ./policies)');

export const pkiOf = ({ data, pki = join(data, 'pki') }: PolicyPlaces): string => pki;

export const policiesOf = (places: PolicyPlaces): string => {
  const own = join(pkiOf(places), 'policies');
  return places.policies ?? (existsSync(own) ? own : 'policies');
};

/** @throws ConfigurationProblems */
export const readPlaces = (places: PolicyPlaces): Promise<Configuration> =>
  readConfiguration({ pkiDir: pkiOf(places), policiesDir: places.policies }, Date.now(), new ProblemList());

/** What a command prints, and its exit code (CONTRACT section 3). */
export interface PolicyReport {
  readonly code: 0 | 1;
  readonly json: unknown;
  readonly words: string;
}

/** Runs a command and tells how it went. Problems of the files are a "no", unless the command asks something else of them. */
export const tell = async (json: boolean, work: () => Promise<PolicyReport>, codeOfProblems: 1 | 2 = 1): Promise<number> => {
  try {
    const report = await work();
    process.stdout.write(`${json ? JSON.stringify(report.json) : report.words}\n`);
    return report.code;
  } catch (error) {
    if (!(error instanceof ConfigurationProblems)) throw error;
    const { problems } = error;
    process.stdout.write(`${json ? JSON.stringify({ ok: false, problems }) : problems.join('\n')}\n`);
    return codeOfProblems;
  }
};
