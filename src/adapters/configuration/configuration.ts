import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { PolicySet } from '../../policy/index.js';
import type { Material } from '../../verification/index.js';
import { readPolicyFolder } from './policy-folder.js';
import { ConfigurationProblems, ProblemList } from './problems.js';
import { readTlsFiles, type TlsFiles } from './tls-files.js';
import { readTrustFiles } from './trust-files.js';

/** Where an operator's files are. */
export interface ConfigurationPlaces {
  readonly pkiDir: string;
  /** Absent: `<pki>/policies` where that exists, else `./policies`. */
  readonly policiesDir?: string | undefined;
}

/** One generation of everything that an operator configures, read whole. */
export interface Configuration {
  readonly policies: PolicySet;
  readonly material: Material;
  readonly tls: TlsFiles;
  /** When, in seconds since 1970, each scope's newest CRL runs out. */
  readonly crlHorizons: ReadonlyMap<string, number>;
}

export const policiesOf = ({ pkiDir, policiesDir }: ConfigurationPlaces): string => {
  const own = join(pkiDir, 'policies');
  return policiesDir ?? (existsSync(own) ? own : 'policies');
};

/**
 * Reads policies, trust and TLS files. All or nothing: a generation that is half right is none.
 * @throws ConfigurationProblems everything that is wrong, at once
 */
export const readConfiguration = async (places: ConfigurationPlaces, now: number): Promise<Configuration> => {
  const list = new ProblemList();
  const directory = policiesOf(places);
  const { set: policies, trust: named } = await readPolicyFolder(directory, list);
  const tls = await readTlsFiles(places.pkiDir, now, list);
  const trust = named === null ? null : await readTrustFiles(named, places.pkiDir, list);
  if (policies?.principals.length === 0) list.add(`${join(directory, 'principals.yaml')}: names nobody: add who may connect`);
  if (policies === null || tls === null || trust === null || list.problems.length > 0) throw new ConfigurationProblems(list.problems);
  const { crlHorizons, ...files } = trust;
  const { gateway: policy, numbering, authorizer } = policies;
  return { policies, tls, crlHorizons, material: { ...files, numbering, policy, authorizer } };
};
