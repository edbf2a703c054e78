import type { FilterTexts } from '../log/index.js';
import { encodeBase64 } from '../encoding/index.js';
import { filterOf, matching, type Match } from './audit-filter.js';
import { openLog, openPlace, type PlaceOptions } from './audit-place.js';
import { Refusal, Unavailable } from '../reasons/index.js';
import { CannotRun, type AuditReport } from './audit-report.js';
import { PacedOutput } from './paced-output.js';

export interface GrepOptions extends PlaceOptions, FilterTexts {
  readonly json?: boolean;
}

/** An entry as GET /v1/entries has it: the leaf as it stands in the log. */
export const lineOf = ({ index, leaf, leafHash }: Omit<Match, 'fields'>): string =>
  `{"index":${index},"leaf":${Buffer.from(leaf).toString('latin1')},"leafHash":"${encodeBase64(leafHash)}"}\n`;

/** A leaf's grammar has no character that a terminal would act on. */
const rowOf = ({ index, fields: { t, k, act, ap, np, why } }: Match): string =>
  `${[String(index).padStart(8), new Date(t).toISOString(), k.padEnd(6), (act ?? '-').padEnd(10), (ap ?? '-').padEnd(24), (np?.spc ?? np?.dom ?? '-').padEnd(12), why].join('  ')}\n`;

/** A log that does not hold is not one without such entries. */
const orCannotRun = (error: unknown): never => {
  if (error instanceof Refusal && !(error instanceof Unavailable))
    throw new CannotRun(`the log does not hold: ${error.reason}: ${error.message}`);
  throw error;
};

/**
 * Prints the entries that fit: exit 0 there are some, 1 there is none, 2 that cannot be said. Every entry is verified under the checkpoint before it is
 * looked at.
 */
export const auditGrep = async (where: string, options: GrepOptions): Promise<AuditReport> => {
  const { filter } = filterOf(options);
  const place = await openPlace(where, options);
  try {
    const { log } = await openLog(place);
    const output = new PacedOutput(process.stdout);
    const misfits: number[] = [];
    let found = 0;
    for await (const match of matching(log, filter, { misfits })) {
      await output.write(options.json === true ? lineOf(match) : rowOf(match));
      found += 1;
      if (output.isGone) break;
    }
    await output.flush();
    if (misfits.length > 0) process.stderr.write(`${misfits.length} entries have no leaf's form, the first at ${misfits[0]}\n`);
    if (options.json !== true) process.stderr.write(`${found} of ${log.size} entries\n`);
    if (found === 0 && misfits.length > 0) throw new CannotRun('no entry fits, but not every one can be read');
    return { code: found > 0 ? 0 : 1, json: {}, words: '' };
  } catch (error) {
    return orCannotRun(error);
  } finally {
    place.close();
  }
};
