import { readFile, stat } from 'node:fs/promises';
import type { Difference } from '../gateway/judged-again.js';
import { ReplayTerms } from '../gateway/replay-terms.js';
import { replayEntries, type ReplayedRange } from '../gateway/replayed-entries.js';
import { ReplayedState } from '../gateway/replayed-state.js';
import { UNSETTLED, UNSETTLED_CAUSES, type UnsettledCause } from '../gateway/unsettled.js';
import { replayFile, type ReplayFileOptions } from './audit-replay-file.js';
import { ReplayPass, type PassParts, type ReplayCounts } from './audit-replay-pass.js';
import { openReplaySource } from './audit-replay-source.js';
import { replayedRanges, type Asked } from './audit-replay-threads.js';
import { CannotRun, type AuditReport } from './audit-report.js';
import { ImportProgress } from './import-progress.js';

export interface ReplayOptions extends ReplayFileOptions {
  readonly from?: string;
  readonly to?: string;
  readonly json?: boolean;
}

/** Judges decisions again: of a data directory, or of one opened entry. */
export const auditReplay = async (place: string, options: ReplayOptions, now = Date.now(), threads?: number): Promise<AuditReport> => {
  const isFile = await stat(place).then(
    (found) => found.isFile(),
    () => false,
  );
  return isFile ? await replayFile(await readFile(place), options) : await replayDirectory(place, options, { now, threads });
};

const indexOf = (text: string | undefined, otherwise: number): number => {
  if (text === undefined) return otherwise;
  if (!/^[0-9]{1,15}$/.test(text)) throw new CannotRun('--from and --to are indices of entries');
  return Math.min(Number(text), otherwise);
};

const replayDirectory = async (
  place: string,
  options: ReplayOptions,
  { now, threads }: Pick<Asked, 'now' | 'threads'>,
): Promise<AuditReport> => {
  const source = await openReplaySource(place, now);
  try {
    const to = indexOf(options.to, source.wal.size);
    const from = options.from === undefined ? 0 : Math.min(indexOf(options.from, to), to);
    const lines: string[] = [];
    const tell = (index: number, differences: readonly Difference[]): void => {
      for (const difference of differences)
        if (options.json === true) process.stdout.write(`${JSON.stringify({ index, ...difference })}\n`);
        else if (lines.length < MOST_LINES) lines.push(wordsOf(index, difference));
    };
    const terms = new ReplayTerms((digest) => source.documents.get(digest));
    const state = new ReplayedState(source.pepper);
    const { counts, causes } = await passOver({ source, terms, state, tell }, place, { now, from, to, threads });
    const holds = counts.differing === 0;
    return {
      code: holds ? 0 : 1,
      json: { holds, place, from, to, ...counts, causes },
      words: [...lines, summaryOf(counts, holds), ...causesOf(causes)].join('\n'),
    };
  } finally {
    await source.close();
  }
};

/** Differences that are told in words; `--json` tells all. */
const MOST_LINES = 100;

const wordsOf = (index: number, { where, expected, got }: Difference): string =>
  `entry ${index} differs at ${where}: the log says ${expected}, judged again ${got}`;

const summaryOf = ({ decisions, equal, differing, ...others }: ReplayCounts, holds: boolean): string => {
  const rest = Object.entries(others).flatMap(([name, count]) => (count === 0 ? [] : [`${count} ${name}`]));
  return [`${holds ? 'holds' : 'does not hold'}: ${decisions} decisions, ${equal} equal, ${differing} differing`, ...rest].join(', ');
};

const causesOf = (causes: Readonly<Record<UnsettledCause, number>>): string[] =>
  UNSETTLED_CAUSES.flatMap((cause) => (causes[cause] === 0 ? [] : [`  unsettled: ${causes[cause]} ${UNSETTLED[cause]}`]));

/** The state needs every entry from the first on; what is judged again is what was asked for. */
const passOver = async (parts: PassParts, place: string, asked: Asked): Promise<ReplayPass> => {
  const { source, terms } = parts;
  const { from, to } = asked;
  const pass = new ReplayPass(parts);
  const progress = new ImportProgress(to, 0, process.stderr, () => performance.now());
  const here = { judge: (first: number, end: number) => replayEntries({ ...source, terms }, first, end), end: () => Promise.resolve() };
  const ranges = replayedRanges(place, asked, here);
  let judged = from;
  try {
    for await (const { index, record } of source.wal.read(0)) {
      if (index >= to) break;
      if (index === judged) judged = await takeNext(pass, ranges);
      if (index < from) pass.fold(index, record);
      else await pass.settle(index, record);
      progress.tell(index + 1, pass.counts.differing);
    }
    progress.end(to, pass.counts.differing);
  } finally {
    await ranges.return(undefined);
  }
  return pass;
};

/** Index behind what was judged then. */
const takeNext = async (pass: ReplayPass, ranges: AsyncGenerator<ReplayedRange>): Promise<number> => {
  const { value, done } = await ranges.next();
  if (done === true) throw new Error('not all that was asked for was judged');
  pass.take(value);
  return value.to;
};
