import { join } from 'node:path';
import type { NumberingTable, Read } from '../../numbering/index.js';
import {
  Authorizer,
  POLICY_FILES,
  parseFederationPolicy,
  parseGatewayPolicy,
  parsePolicySet,
  parsePrincipals,
  parseTrustPolicy,
  type PolicySet,
  type PolicyTexts,
  type TrustPolicy,
} from '../../policy/index.js';
import { readNumberingFiles, tableOf } from './numbering-file.js';
import type { ProblemList } from './problems.js';

export interface PolicyFolder {
  /** Null when something is wrong with any file; the list then says what. */
  readonly set: PolicySet | null;
  /** What trust.yaml names, though another file is broken: its files can be looked at all the same. */
  readonly trust: TrustPolicy | null;
}

type Texts = { -readonly [file in keyof PolicyTexts]: PolicyTexts[file] };

/** Reads and parses a policy folder; every problem of every file goes to the list, also when one is missing. */
export const readPolicyFolder = async (directory: string, list: ProblemList): Promise<PolicyFolder> => {
  const texts: Texts = {};
  for (const file of POLICY_FILES) {
    if (file === 'numbering.csv') continue;
    const text = await list.read(join(directory, file), 'the policy');
    if (text !== null) texts[file] = text;
  }
  const rows = await readRows(join(directory, 'numbering.csv'), list);
  if (rows !== null) texts['numbering.csv'] = rows;
  const whole = POLICY_FILES.every((file) => texts[file] !== undefined);
  const parsed = whole ? parsePolicySet(texts) : { ok: false as const, problems: problemsOfParts(texts) };
  if (parsed.ok) return { set: parsed.value, trust: parsed.value.trust };
  for (const problem of parsed.problems) list.add(join(directory, problem));
  const trust = parseTrustPolicy(texts['trust.yaml'] ?? '');
  return { set: null, trust: trust.ok ? trust.value : null };
};

/** The rows of numbering.csv, or what is wrong with them; read again only when the file looks otherwise. Null, and a problem: it cannot be read. */
const readRows = async (path: string, list: ProblemList): Promise<Read<NumberingTable> | null> => {
  const print = await list.look(path, 'the policy');
  if (print === null) return null;
  let read: Read<NumberingTable> | null = null;
  const table = await list.parsed.numbering.get(path, print, async () => {
    const file = await list.attempt(path, 'the policy', () =>
      readNumberingFiles({ files: [{ path, name: 'numbering.csv' }], scope: null }),
    );
    // How it looks after it was read: what was read may be half of it.
    if (file === null || (await list.look(path, 'the policy')) === null) return null;
    read = tableOf(file.read);
    return read.ok ? read.value : null;
  });
  return table === null ? read : { ok: true, value: table };
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
    parseWhere(texts['numbering.csv'], (rows) => rows),
    parseWhere(cedar, (text) => (schema === undefined ? { ok: true } : Authorizer.load(text, schema))),
  ];
  return parts.flat();
};

type Outcome = { readonly ok: true } | { readonly ok: false; readonly problems: readonly string[] };

const parseWhere = <T>(given: T | undefined, parse: (given: T) => Outcome): readonly string[] => {
  const outcome: Outcome = given === undefined ? { ok: true } : parse(given);
  return outcome.ok ? [] : outcome.problems;
};
