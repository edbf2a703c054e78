import { join } from 'node:path';
import { POLICY_FILES, parsePolicySet, type PolicyFile, type PolicySet } from '../../policy/index.js';
import type { ProblemList } from './problems.js';

/** Reads and parses a policy folder; null when something is wrong, and the list then says what. */
export const readPolicyFolder = async (directory: string, list: ProblemList): Promise<PolicySet | null> => {
  const texts: Partial<Record<PolicyFile, string>> = {};
  const before = list.problems.length;
  for (const file of POLICY_FILES) {
    const text = await list.read(join(directory, file), 'the policy');
    if (text !== null) texts[file] = text;
  }
  if (list.problems.length > before) return null;
  const parsed = parsePolicySet(texts);
  if (parsed.ok) return parsed.value;
  for (const problem of parsed.problems) list.add(join(directory, problem));
  return null;
};
