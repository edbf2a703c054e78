import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { isNativeError } from 'node:util/types';
import { z } from 'zod';
import { Usage } from './ap-caller.js';

/** What became of one line of the file. */
export interface LineResult {
  readonly line: number;
  /** The gateway's; null: the line was no PASSporT and was not sent. */
  readonly status: number | null;
  readonly reason: string | null;
  readonly logIndex: number | null;
}

const header = z.object({ source: z.string() });
const result = z.object({ line: z.int().positive(), status: z.int().nullable() });

export const isAccepted = (status: number | null): boolean => status === 200 || status === 201;

/**
 * Results as they come, one JSON line each, under a line that names the file by its digest. A crash loses at most what was not written yet, and
 * half a line at the end is cut off: the lines are sent again, which is safe.
 */
export class ImportResults {
  /** Lines that an earlier run has as accepted. */
  readonly accepted: ReadonlySet<number>;
  readonly #file: number | null;

  private constructor(file: number | null, accepted: ReadonlySet<number>) {
    this.#file = file;
    this.accepted = accepted;
  }

  /** @throws Usage when there is a file already; Error `EACCES` and the like */
  static begin(path: string | undefined, source: string): ImportResults {
    if (path === undefined) return new ImportResults(null, new Set());
    const file = openNew(path);
    writeSync(file, `${JSON.stringify({ source })}\n`);
    return new ImportResults(file, new Set());
  }

  /** Goes on with a file. @throws Usage when it is the results of another file, or of none */
  static resume(path: string, source: string): ImportResults {
    const octets = readFileSync(path);
    const whole = octets.lastIndexOf(10) + 1;
    const [first = '', ...lines] = octets.toString('utf8', 0, whole).split('\n').slice(0, -1);
    if (header.safeParse(jsonOf(first)).data?.source !== source) throw new Usage(`${path} holds no results of this file`);
    const accepted = new Set<number>();
    for (const text of lines) {
      const { data } = result.safeParse(jsonOf(text));
      if (data === undefined) throw new Usage(`${path} is damaged`);
      if (isAccepted(data.status)) accepted.add(data.line);
    }
    const file = openSync(path, 'r+');
    ftruncateSync(file, whole);
    closeSync(file);
    return new ImportResults(openSync(path, 'a'), accepted);
  }

  add({ line, status, reason, logIndex }: LineResult): void {
    if (this.#file !== null) writeSync(this.#file, `${JSON.stringify({ line, status, reason, logIndex })}\n`);
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
  }
}

const openNew = (path: string): number => {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (error) {
    if (isNativeError(error) && 'code' in error && error.code === 'EEXIST')
      throw new Usage(`${path} is there already: go on with it with --resume, or name another`);
    throw error;
  }
};

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
};
