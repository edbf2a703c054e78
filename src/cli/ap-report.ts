import { CommanderError } from 'commander';
import { ApiRefusal, ApiUnavailable, type LookupAnswer, type Quota } from '../client/index.js';
import { siiInWords } from '../identifiers/index.js';
import { Refusal } from '../reasons/index.js';

/** What a command prints, and its exit code: 0 yes, 1 no, 2 could not be run (CONTRACT section 3). */
export interface Report {
  readonly code: number;
  readonly json: unknown;
  readonly words: string;
}

/** A "no" is a report too; what could not be run tells people on standard error, and programs in JSON. */
export const reportError = (error: unknown): Report => {
  if (error instanceof ApiUnavailable) return { code: 2, json: membersOf(error), words: `cannot be decided now: ${wordsOf(error)}` };
  if (error instanceof ApiRefusal) return { code: 1, json: membersOf(error), words: `refused: ${wordsOf(error)}` };
  if (error instanceof Refusal)
    return { code: 2, json: { reason: error.reason, detail: error.detail ?? null }, words: `${error.reason}: ${error.message}` };
  if (error instanceof CommanderError) return { code: error.exitCode === 0 ? 0 : 2, json: null, words: '' };
  const message = error instanceof Error ? error.message : String(error);
  return { code: 2, json: { error: message }, words: message };
};

export const print = (report: Report, json: boolean): number => {
  const text = json ? JSON.stringify(report.json) : report.words;
  if (text !== '' && report.json !== null) (report.code === 2 && !json ? process.stderr : process.stdout).write(`${text}\n`);
  return report.code;
};

export const lookupWords = (answer: LookupAnswer): string => {
  if (answer.mappings.length === 0) return `${siiInWords(answer.sii)}: nobody`;
  const rows = answer.mappings.map((one) => `  ${one.default ? '*' : ' '} ${one.ssi}  ${one.purpose} ${one.kind}, until ${one.expires}`);
  return [`${siiInWords(answer.sii)} (for ${answer.ttl} s; * is the default)`, ...rows].join('\n');
};

export const quotaWords = ({ limit, used, remaining, reset, formula, inputs, burst }: Quota): string =>
  [
    `${remaining} of ${limit} numbers are left until ${reset}; ${used} were looked up, at most ${burst.size} at once`,
    `${limit} = ${formula}, with ${Object.entries(inputs)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
  ].join('\n');

const membersOf = (error: ApiRefusal): Record<string, unknown> => ({
  status: error.status,
  reason: error.reason,
  step: error.step,
  clause: error.clause,
  detail: error.detail,
  logIndex: error.logIndex,
  requestId: error.requestId,
  retryAfter: error.retryAfter,
});

const wordsOf = (error: ApiRefusal): string =>
  [
    error.reason,
    error.step === null ? '' : `at ${error.step}`,
    error.clause === null ? '' : `(${error.clause})`,
    error.detail ?? '',
    error.logIndex === null ? '' : `- entry ${error.logIndex} of the log`,
  ]
    .filter((part) => part !== '')
    .join(' ');
