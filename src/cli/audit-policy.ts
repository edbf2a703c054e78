import { readFile } from 'node:fs/promises';
import { parseTlogPolicy, parseVkey, policyOf, type TlogPolicy } from '../log/index.js';
import { CannotRun } from './audit-report.js';
import { Refusal } from '../reasons/index.js';

export interface PolicyOptions {
  readonly policy?: string;
  readonly logVkey?: string;
  readonly witness?: readonly string[];
  readonly quorum?: string;
}

/** A key that is none is no "does not hold": nothing was looked at. */
export const requiredKey = (value: string | undefined, option: string): string => {
  if (value === undefined) throw new CannotRun(`${option} is needed`);
  try {
    parseVkey(value);
  } catch {
    throw new CannotRun(`${option} is no verifier key`);
  }
  return value;
};

/** A C2SP tlog-policy file, where one is named. It stands for the keys on the command line. */
export const readPolicyFile = async (options: PolicyOptions): Promise<TlogPolicy | null> => {
  const { policy, logVkey, witness = [], quorum } = options;
  if (policy === undefined) return null;
  if (logVkey !== undefined || witness.length > 0 || quorum !== undefined)
    throw new CannotRun('--policy stands for --log-vkey, --witness and --quorum: give the one or the others');
  return parseFile(policy, await readFile(policy));
};

/** What the keys on the command line say. */
export const policyOfOptions = (logVkey: string | undefined, { witness = [], quorum }: PolicyOptions): TlogPolicy => {
  const keys = witness.map((vkey) => requiredKey(vkey, '--witness'));
  return policyOf(requiredKey(logVkey, '--log-vkey or --policy'), keys, quorumOf(quorum));
};

const quorumOf = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  if (!/^(0|[1-9][0-9]{0,3})$/.test(text)) throw new CannotRun('--quorum is no number');
  return Number(text);
};

const parseFile = (file: string, octets: Uint8Array): TlogPolicy => {
  try {
    const policy = parseTlogPolicy(octets);
    if (policy.logs.length === 0) throw new CannotRun(`${file}: names no log`);
    return policy;
  } catch (error) {
    if (error instanceof Refusal) throw new CannotRun(`${file}: ${error.reason}, ${error.detail ?? ''}`);
    throw error;
  }
};
