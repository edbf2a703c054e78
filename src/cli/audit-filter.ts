import type { Command } from 'commander';
import {
  FILTER_NAMES,
  LEAF_KINDS,
  VERDICTS,
  matchesLeaf,
  parseLeaf,
  parseLeafFilter,
  type FilterName,
  type FilterTexts,
  type LeafFields,
  type LeafFilter,
  type VerifiedEntry,
  type VerifiedLog,
} from '../log/index.js';
import { Refusal } from '../reasons/index.js';
import { CannotRun } from './audit-report.js';

/** What each filter must be, for people. */
const FILTER_WORDS: Readonly<Record<FilterName, string>> = {
  verdict: VERDICTS.join(' or '),
  kind: `one of ${LEAF_KINDS.join(', ')}`,
  provider: 'a domain',
  spc: 'a service provider code',
  reason: 'OK, or a reason code: `signpost explain` lists them',
  action: 'the name of an action, such as register',
  since: 'a day or a time in UTC, such as 2026-11-24 or 2026-11-24T09:30:00Z',
  until: 'a day or a time in UTC, such as 2026-11-24 or 2026-11-24T09:30:00Z',
  tok: 'a SHA-256 in base64url',
};

/** The filters of GET /v1/entries, for who reads tiles. */
export const withFilters = (command: Command): Command =>
  command
    .option('--verdict <verdict>', 'accepted or refused')
    .option('--kind <kind>', `kind of leaf: ${LEAF_KINDS.join(', ')}`)
    .option('--provider <domain>', 'client, or e-mail provider that signed')
    .option('--spc <spc>', 'number provider that signed')
    .option('--reason <code>', 'OK, or a reason code')
    .option('--action <action>', 'register, withdraw, prefer, release, port, ...')
    .option('--since <time>', 'ISO 8601, a day or a time in UTC; not before')
    .option('--until <time>', 'ISO 8601, UTC; before')
    .option('--tok <digest>', 'SHA-256 of a compact PASSporT, base64url');

export interface ParsedFilter {
  readonly filter: LeafFilter;
  /** As given. */
  readonly texts: FilterTexts;
}

/** @throws CannotRun naming the option */
export const filterOf = (options: FilterTexts): ParsedFilter => {
  const texts: FilterTexts = Object.fromEntries(
    FILTER_NAMES.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
  );
  try {
    return { filter: parseLeafFilter(texts), texts };
  } catch (error) {
    if (error instanceof Refusal) throw new CannotRun(filterFault(error.detail ?? ''));
    throw error;
  }
};

/** What the filter that was refused must be. */
const filterFault = (detail: string): string => {
  const name = FILTER_NAMES.find((one) => detail.split(':')[0] === one) ?? 'reason';
  return `--${name} must be ${FILTER_WORDS[name]}`;
};

export interface Match extends VerifiedEntry {
  readonly fields: LeafFields;
}

/** What is under the checkpoint and has no leaf's form: nothing can be said of it but where it is. */
export interface Misfits {
  readonly misfits: number[];
}

/** Entries that fit, in order. One bad entry must not hide all that come after it: misfits are told of and passed over. */
export async function* matching(log: VerifiedLog, filter: LeafFilter, { misfits }: Misfits): AsyncGenerator<Match> {
  for await (const entry of log.entries()) {
    let fields: LeafFields;
    try {
      fields = parseLeaf(entry.leaf);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      misfits.push(entry.index);
      continue;
    }
    if (matchesLeaf(filter, fields)) yield { ...entry, fields };
  }
}
