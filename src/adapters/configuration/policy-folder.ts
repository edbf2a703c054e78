import { join } from 'node:path';
import { parseNumberingCsv } from '../../numbering/index.js';
import {
  Authorizer,
  POLICY_FILES,
  parseFederationPolicy,
  parseGatewayPolicy,
  parsePolicySet,
  parsePrincipals,
  parseTrustPolicy,
  type PolicyFile,
  type PolicySet,
  type TrustPolicy,
} from '../../policy/index.js';
import type { ProblemList } from './problems.js';

export interface PolicyFolder {
  /** Null when something is wrong with any file; the list then says what. */
  readonly set: PolicySet | null;
  /** What trust.yaml names, though another file is broken: its files can be looked at all the same. */
  readonly trust: TrustPolicy | null;
}

type Texts = Partial<Record<PolicyFile, string>>;

/** Reads and parses a policy folder; every problem of every file goes to the list, also when one is missing. */
export const readPolicyFolder = async (directory: string, list: ProblemList): Promise<PolicyFolder> => {
  const texts: Texts = {};
  for (const file of POLICY_FILES) {
    const text = await list.read(join(directory, file), 'the policy');
    if (text !== null) texts[file] = text;
  }
  const whole = POLICY_FILES.every((file) => texts[file] !== undefined);
  const parsed = whole ? parsePolicySet(texts) : { ok: false as const, problems: problemsOfParts(texts) };
  if (parsed.ok) return { set: parsed.value, trust: parsed.value.trust };
  for (const problem of parsed.problems) list.add(join(directory, problem));
  const trust = parseTrustPolicy(texts['trust.yaml'] ?? '');
  return { set: null, trust: trust.ok ? trust.value : null };
};

/** A whole set is parsed only where no file is missing; those that are there are parsed one by one. */
const problemsOfParts = (texts: Texts): string[] => {
  const cedar = texts['authorization.cedar'];
  const schema = texts['authorization.cedarschema'];
  const parts = [
    parseWhere(texts['gateway.yaml'], parseGatewayPolicy),
    parseWhere(texts['trust.yaml'], parseTrustPolicy),
    parseWhere(texts['principals.yaml'], parsePrincipals),
    parseWhere(texts['federation.yaml'], parseFederationPolicy),
    parseWhere(texts['numbering.csv'], parseNumberingCsv),
    parseWhere(cedar, (text) => (schema === undefined ? { ok: true } : Authorizer.load(text, schema))),
  ];
  return parts.flat();
};

type Outcome = { readonly ok: true } | { readonly ok: false; readonly problems: readonly string[] };

const parseWhere = (text: string | undefined, parse: (text: string) => Outcome): readonly string[] => {
  const outcome: Outcome = text === undefined ? { ok: true } : parse(text);
  return outcome.ok ? [] : outcome.problems;
};
