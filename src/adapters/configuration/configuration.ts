import { join } from 'node:path';
import { NumberingPlan } from '../../numbering/index.js';
import type { PolicySet } from '../../policy/index.js';
import type { Material } from '../../verification/index.js';
import { readPolicyFolder } from './policy-folder.js';
import type { ObservedFiles } from './observed-files.js';
import { ConfigurationProblems, ProblemList } from './problems.js';
import { readTlsFiles, type TlsFiles } from './tls-files.js';
import { readTrustFiles, type NumberingFeedFiles, type TrustListFiles } from './trust-files.js';

/** Where an operator's files are. */
export interface ConfigurationPlaces {
  readonly pkiDir: string;
  /** Absent: `<pki>/policies` where that exists, else `./policies`. */
  readonly policiesDir?: string | undefined;
}

/** One generation of everything that an operator configures, read whole. */
export interface Configuration {
  readonly policies: PolicySet;
  /** Without the anchors that trust lists give, and the numbering data of feeds. */
  readonly material: Material;
  readonly feeds: readonly NumberingFeedFiles[];
  readonly lists: readonly TrustListFiles[];
  readonly tls: TlsFiles;
  /** When, in seconds since 1970, each scope's newest CRL runs out. */
  readonly crlHorizons: ReadonlyMap<string, number>;
}

const policiesOf = async ({ pkiDir, policiesDir }: ConfigurationPlaces, files: ObservedFiles): Promise<string> => {
  const own = join(pkiDir, 'policies');
  return policiesDir ?? ((await files.isThere(own)) ? own : 'policies');
};

/**
 * Reads policies, trust and TLS files. All or nothing: a generation that is half right is none.
 * @param list gets everything that is wrong, and how each file looked
 * @throws ConfigurationProblems everything that is wrong, at once
 */
export const readConfiguration = async (places: ConfigurationPlaces, now: number, list = new ProblemList()): Promise<Configuration> => {
  const directory = await policiesOf(places, list.files);
  const { set: policies, trust: named } = await readPolicyFolder(directory, list);
  const tls = await readTlsFiles(join(places.pkiDir, 'tls'), now, list);
  const trust = named === null ? null : await readTrustFiles(named, places.pkiDir, list);
  if (policies?.principals.length === 0) list.add(`${join(directory, 'principals.yaml')}: names nobody: add who may connect`);
  // Files that belong together were not all read at one moment.
  if (list.problems.length === 0 && (await list.files.now()) !== list.files.asRead)
    list.add(`${directory}: files change while they are read: they are read again when they hold still`);
  if (policies === null || tls === null || trust === null || list.problems.length > 0) throw new ConfigurationProblems(list.problems);
  const { crlHorizons, lists, feeds, ...files } = trust;
  const { gateway: policy, authorizer } = policies;
  const numbering = new NumberingPlan([policies.numbering]);
  return { policies, tls, lists, feeds, crlHorizons, material: { ...files, numbering, policy, authorizer } };
};
