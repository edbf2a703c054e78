import { CommanderError } from 'commander';
import { Refusal, Unavailable } from '../reasons/index.js';

/** What an audit says, and its exit code: 0 holds, 1 does not hold, 2 could not be run (CONTRACT section 3). */
export interface AuditReport {
  readonly code: 0 | 1 | 2;
  readonly json: Readonly<Record<string, unknown>>;
  readonly words: string;
}

/** Thrown for what the caller left out or got wrong: exit 2. */
export class CannotRun extends Error {}

/** A refusal is the audit's answer; everything else kept it from answering. */
export const reportFailure = (error: unknown): AuditReport => {
  if (error instanceof CommanderError) return { code: error.exitCode === 0 ? 0 : 2, json: {}, words: '' };
  if (error instanceof Refusal && !(error instanceof Unavailable)) {
    return {
      code: 1,
      json: { holds: false, reason: error.reason, detail: error.detail ?? null },
      words: `does not hold: ${error.reason}: ${error.message}`,
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 2, json: { error: message }, words: `could not be run: ${message}` };
};

export const printReport = (report: AuditReport, json: boolean): number => {
  // Help and usage errors were printed already.
  if (report.words === '') return report.code;
  const stream = report.code === 2 && !json ? process.stderr : process.stdout;
  stream.write(`${json ? JSON.stringify(report.json) : report.words}\n`);
  return report.code;
};
