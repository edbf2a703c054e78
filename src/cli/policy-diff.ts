import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationProblems, ProblemList, readPolicyFolder } from '../adapters/configuration/index.js';
import { NumberingPlan, changesBetween } from '../numbering/index.js';
import type { PolicySet } from '../policy/index.js';
import { wordsOfChanges } from './policy-import.js';
import type { PolicyReport } from './policy-places.js';

/** What two documents have in one place. */
interface Difference {
  readonly where: string;
  readonly before: unknown;
  readonly after: unknown;
}

const DOCUMENTS = ['gateway', 'trust', 'principals', 'federation'] as const;
const TEXTS = ['authorization.cedar', 'authorization.cedarschema'] as const;

/** Two policy folders: members that differ, Cedar lines that only one has, and how many numbers change hands. @throws ConfigurationProblems */
export const diffPolicies = async (before: string, after: string): Promise<PolicyReport> => {
  const [a, b] = [await setOf(before), await setOf(after)];
  const members = DOCUMENTS.flatMap((name) => differences(name, a[name], b[name]));
  const cedar = TEXTS.flatMap((file) => lineDifferences(file, linesOf(before, file), linesOf(after, file)));
  const numbering = changesBetween(new NumberingPlan([a.numbering]), new NumberingPlan([b.numbering]), Date.now());
  const isRows = a.numbering.digest !== b.numbering.digest;
  const found = [...members, ...cedar];
  const words = [
    ...found.map(({ where, before: old, after: next }) => `${where}: ${textOf(old)} -> ${textOf(next)}`),
    ...(isRows ? [`numbering.csv: ${a.numbering.size} rows -> ${b.numbering.size} rows`, wordsOfChanges(numbering)] : []),
  ];
  const isSame = found.length === 0 && !isRows;
  return {
    code: isSame ? 0 : 1,
    json: { same: isSame, differences: found, numbering: { rows: [a.numbering.size, b.numbering.size], changes: numbering } },
    words: isSame ? 'the same' : words.join('\n'),
  };
};

const setOf = async (folder: string): Promise<PolicySet> => {
  const list = new ProblemList();
  const { set } = await readPolicyFolder(folder, list);
  if (set === null) throw new ConfigurationProblems(list.problems);
  return set;
};

const isTree = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;

/** Every place where two values differ; members of lists by their index. */
const differences = (where: string, before: unknown, after: unknown): Difference[] => {
  if (!isTree(before) || !isTree(after) || Array.isArray(before) !== Array.isArray(after))
    return before === after ? [] : [{ where, before: before ?? null, after: after ?? null }];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => differences(`${where}.${name}`, before[name], after[name]));
};

const linesOf = (folder: string, file: string): string[] => readFileSync(join(folder, file), 'utf8').split(/\r?\n/);

const lineDifferences = (file: string, before: readonly string[], after: readonly string[]): Difference[] => {
  const only = (some: readonly string[], others: readonly string[]): string[] => some.filter((line) => !others.includes(line));
  return [
    ...only(before, after).map((line) => ({ where: file, before: line, after: null })),
    ...only(after, before).map((line) => ({ where: file, before: null, after: line })),
  ];
};

const textOf = (value: unknown): string => (value === null ? 'none' : JSON.stringify(value));
