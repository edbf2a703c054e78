import { readFile, stat } from 'node:fs/promises';
import { readJournalEntry, type JournalEntry } from '../gateway/journal.js';
import { versionsInLeaf, type Difference } from '../gateway/judged-again.js';
import { ReplayTerms } from '../gateway/replay-terms.js';
import { ReplayedState, wordOf } from '../gateway/replayed-state.js';
import type { ReplayedEntry, ReplayedRange } from '../gateway/replayed-entries.js';
import type { Ruled } from '../gateway/ruling.js';
import { Refusal } from '../reasons/index.js';
import { parseLeaf } from '../log/index.js';
import { replayFile, type ReplayFileOptions } from './audit-replay-file.js';
import { openReplaySource, type ReplaySource } from './audit-replay-source.js';
import { replayInThreads, type Asked } from './audit-replay-threads.js';
import { CannotRun, type AuditReport } from './audit-report.js';
import { ImportProgress } from './import-progress.js';

export interface ReplayOptions extends ReplayFileOptions {
  readonly from?: string;
  readonly to?: string;
  readonly json?: boolean;
}

/** How decisions came out. */
export interface ReplayCounts {
  decisions: number;
  equal: number;
  differing: number;
  /** The evidence is gone, and with it the subject. */
  erased: number;
  /** The evidence of a refusal is gone: it was kept as long as policy says. */
  expired: number;
  /** Of a time when no evidence was kept. */
  unkept: number;
  /** The sequencer ruled on something that was erased since. */
  unsettled: number;
}

interface Run {
  readonly source: ReplaySource;
  readonly terms: ReplayTerms;
  readonly state: ReplayedState;
  readonly counts: ReplayCounts;
  readonly tell: (index: number, differences: readonly Difference[]) => void;
}

/** Judges decisions again: of a data directory, or of one opened entry. */
export const auditReplay = async (place: string, options: ReplayOptions, now = Date.now()): Promise<AuditReport> => {
  const isFile = await stat(place).then(
    (found) => found.isFile(),
    () => false,
  );
  return isFile ? await replayFile(await readFile(place), options) : await replayDirectory(place, options, now);
};

const indexOf = (text: string | undefined, otherwise: number): number => {
  if (text === undefined) return otherwise;
  if (!/^[0-9]{1,15}$/.test(text)) throw new CannotRun('--from and --to are indices of entries');
  return Math.min(Number(text), otherwise);
};

const replayDirectory = async (place: string, options: ReplayOptions, now: number): Promise<AuditReport> => {
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
    const counts = { decisions: 0, equal: 0, differing: 0, erased: 0, expired: 0, unkept: 0, unsettled: 0 };
    const terms = new ReplayTerms((digest) => source.documents.get(digest));
    await replayAll({ source, terms, state: new ReplayedState(source.pepper), counts, tell }, place, { now, from, to });
    const holds = counts.differing === 0;
    return {
      code: holds ? 0 : 1,
      json: { holds, place, from, to, ...counts },
      words: [...lines, summaryOf(counts, holds)].join('\n'),
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

/** The state needs every entry from the first on; what is judged again is what was asked for. */
const replayAll = async (run: Run, place: string, asked: Asked): Promise<void> => {
  const { from, to } = asked;
  const progress = new ImportProgress(to, 0, process.stderr, () => performance.now());
  const ranges = replayInThreads(place, asked);
  let range: ReplayedRange | null = null;
  let entries = new Map<number, ReplayedEntry>();
  try {
    for await (const { index, record } of run.source.wal.read(0)) {
      if (index >= to) break;
      if (index >= from && (range === null || index >= range.to)) {
        range = ((await ranges.next()).value ?? null) as ReplayedRange | null;
        run.counts.decisions += range?.decisions ?? 0;
        entries = new Map(range?.entries.map((one) => [one.index, one]));
      }
      const entry = readEntry(run, index, record);
      if (index >= from) await settle(run, entry, record.leaf, entries.get(index) ?? null);
      const fault = entry === null ? null : run.state.apply(entry);
      if (fault !== null && index >= from) run.tell(index, [fault]);
      progress.tell(index + 1, run.counts.differing);
    }
    progress.end(to, run.counts.differing);
  } finally {
    await ranges.return(undefined);
  }
};

/** Null where the record does not open: the threads name it. */
const readEntry = ({ source }: Run, index: number, record: Parameters<typeof readJournalEntry>[2]): JournalEntry | null => {
  try {
    return readJournalEntry(source.vault, index, record);
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
};

const settle = async (run: Run, entry: JournalEntry | null, leaf: Uint8Array, replayed: ReplayedEntry | null): Promise<void> => {
  if (entry === null || entry.leaf.k === 'accept' || entry.leaf.k === 'reject') {
    const outcome = await outcomeOf(run, entry, leaf, replayed);
    run.counts[outcome] += 1;
  }
};

const outcomeOf = async (
  run: Run,
  entry: JournalEntry | null,
  leaf: Uint8Array,
  replayed: ReplayedEntry | null,
): Promise<Exclude<keyof ReplayCounts, 'decisions'>> => {
  if (replayed?.outcome === 'differs') {
    run.tell(replayed.index, replayed.differences);
    return 'differing';
  }
  if (replayed !== null && replayed.outcome !== 'ruled') return replayed.outcome;
  if (entry === null || (replayed === null && entry.leaf.k === 'reject')) return 'equal';
  const terms = await run.terms.of(versionsInLeaf(parseLeaf(leaf)));
  const ruled = replayed?.ruled ?? ruledOf(entry, terms.verifier.versions);
  if (ruled === null) return 'equal';
  const expected = replayed?.why ?? 'OK';
  const ruling = run.state.rule(entry, ruled, terms);
  if (wordOf(ruling) === expected) return 'equal';
  if (run.state.lacks) return 'unsettled';
  const where = ruling.outcome === 'refused' ? ruling.step : 'check-order';
  run.tell(entry.index, [{ where, expected, got: wordOf(ruling) }]);
  return 'differing';
};

/** As the sequencer was given it: the threads have shown that what is sealed follows from the evidence. */
const ruledOf = ({ sealed }: JournalEntry, versions: Record<'trust' | 'revocation' | 'numbering' | 'policy', string>): Ruled | null => {
  if (sealed === null) return null;
  const { event, spent } = sealed;
  if (event.type === 'withdraw-by-connection') return { event, spent };
  return { event: { ...event, judgedUnder: { ...event.judgedUnder, ...versions } }, spent };
};
