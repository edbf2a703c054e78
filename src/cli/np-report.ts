import { CommanderError } from 'commander';
import { Refusal, Unavailable } from '../reasons/index.js';

/** What a desk command prints, and its exit code: 0 yes, 1 no, 2 could not be run (CONTRACT section 3). */
export interface DeskReport {
  readonly json: Readonly<Record<string, unknown>>;
  readonly words: string;
}

const refused = (error: Refusal, json: boolean): number => {
  const { reason, detail } = error;
  const text = json ? JSON.stringify({ reason, detail: detail ?? null }) : `refused: ${reason}: ${error.message}`;
  (json ? process.stdout : process.stderr).write(`${text}\n`);
  // CONTRACT section 3: what could not be decided could not be run.
  return error instanceof Unavailable ? 2 : 1;
};

const failed = (error: unknown, json: boolean): number => {
  // Commander has told about itself already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const message = error instanceof Error ? error.message : 'could not be run';
  (json ? process.stdout : process.stderr).write(json ? `${JSON.stringify({ error: message })}\n` : `${message}\n`);
  return 2;
};

/** Runs a desk command and tells how it went: a refusal is a "no", everything else that is thrown could not be run. */
export const report = async (json: boolean, work: () => Promise<DeskReport | null>): Promise<number> => {
  try {
    const done = await work();
    if (done !== null) process.stdout.write(`${json ? JSON.stringify(done.json) : done.words}\n`);
    return done === null ? 2 : 0;
  } catch (error) {
    return error instanceof Refusal ? refused(error, json) : failed(error, json);
  }
};

/** ISO 8601 of seconds. */
export const instant = (seconds: number): string => new Date(seconds * 1000).toISOString();
