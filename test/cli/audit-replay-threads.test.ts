import { execFile } from 'node:child_process';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { auditReplay } from '../../src/cli/audit-replay.js';
import { openReplaySource } from '../../src/cli/audit-replay-source.js';
import { replayedRanges, type RangeJudge } from '../../src/cli/audit-replay-threads.js';
import { reportFailure, type AuditReport } from '../../src/cli/audit-report.js';
import { ReplayTerms } from '../../src/gateway/replay-terms.js';
import { replayEntries, type ReplayedRange } from '../../src/gateway/replayed-entries.js';
import { forged } from '../support/forged-log.js';
import { START } from '../support/open-gateway.js';
import { recordLog, type RecordedLog } from '../support/recorded-log.js';

const THREADS = [0, 1, 3];

let log: RecordedLog;
let size: number;

beforeAll(async () => {
  log = await recordLog();
  const source = await openReplaySource(log.place.dataDir, START);
  size = source.wal.size;
  await source.close();
}, 120_000);
afterAll(() => rm(dirname(log.place.dataDir), { recursive: true, force: true }));

const replay = (place: string, threads: number): Promise<AuditReport> =>
  auditReplay(place, {}, START, threads).catch((error: unknown) => reportFailure(error));

/** One report, whoever judges. */
const reportOf = async (place: string): Promise<AuditReport> => {
  const [first, ...others] = await Promise.all(THREADS.map((threads) => replay(place, threads)));
  for (const report of others) expect(report).toEqual(first);
  return first as AuditReport;
};

const nobody: RangeJudge = { judge: () => Promise.reject(new Error('threads judge')), end: () => Promise.resolve() };

describe('the same is said with no, one and three threads', () => {
  test('of a log that holds', async () => {
    expect(await reportOf(log.place.dataDir)).toMatchObject({
      code: 0,
      json: { decisions: log.outcomes.length, equal: log.outcomes.length },
    });
  });

  test('of differences in several parts: the first in the log is the first that is told', async () => {
    const another = { leaf: <T extends { readonly why: string }>(leaf: T): T => ({ ...leaf, why: 'expired-token' }) };
    const late = await forged(log.place.dataDir, size - 1, { leaf: (leaf) => ({ ...leaf, ap: 'x.example' }) });
    const both = await forged(late, 2, another);
    const { code, words, json } = await reportOf(both);
    expect({ code, json }).toMatchObject({ code: 1, json: { differing: 2 } });
    expect(words.split('\n').map((line) => /^entry [0-9]+/.exec(line)?.[0])).toEqual(['entry 2', `entry ${size - 1}`, undefined]);
  });

  test('of a document that the system does not give: it could not be run', async () => {
    const copy = await forged(log.place.dataDir, -1, {});
    const documents = join(copy, 'evidence', 'documents');
    for (const name of await readdir(documents)) {
      await rm(join(documents, name));
      await mkdir(join(documents, name));
    }
    const { code, words } = await reportOf(copy);
    expect(code).toBe(2);
    expect(words).toContain('EISDIR');
  });
});

describe('threads', () => {
  test('answer in the order in which they are asked, each entry once', async () => {
    const asked = { now: START, from: 0, to: size, threads: 2 };
    const ranges: ReplayedRange[] = [];
    for await (const range of replayedRanges(log.place.dataDir, asked, nobody, 3)) ranges.push(range);
    expect(ranges.map(({ from }) => from)).toEqual(Array.from({ length: Math.ceil(size / 3) }, (_, i) => i * 3));
    const source = await openReplaySource(log.place.dataDir, START);
    const terms = new ReplayTerms((digest) => source.documents.get(digest));
    for (const range of ranges) expect(range).toEqual(await replayEntries({ ...source, terms }, range.from, range.to));
    await source.close();
  });

  test('whose answer is of another range fail', async () => {
    const confused: RangeJudge = { ...nobody, judge: (from, to) => Promise.resolve({ from: from + 1, to, under: [], entries: [] }) };
    const ranges = replayedRanges(log.place.dataDir, { now: START, from: 0, to: size, threads: 0 }, confused);
    await expect(ranges.next()).rejects.toThrow('in place of');
  });

  test('that die end the replay: it could not be run', async () => {
    const dying = 'data:text/javascript,import{isMainThread}from"node:worker_threads";if(!isMainThread)process.exit(7)';
    const url = (name: string): string => new URL(`../../src/cli/${name}.js`, import.meta.url).href;
    const script = `
      const { auditReplay } = await import(${JSON.stringify(url('audit-replay'))});
      const { printReport, reportFailure } = await import(${JSON.stringify(url('audit-report'))});
      const report = await auditReplay(${JSON.stringify(log.place.dataDir)}, {}, ${START}, 2).catch(reportFailure);
      process.exitCode = printReport(report, true);`;
    const ran = await new Promise<{ readonly code: unknown; readonly stdout: string }>((resolve) => {
      execFile(process.execPath, ['--import', dying, '--input-type=module', '-e', script], (error, stdout) =>
        resolve({ code: error?.code ?? 0, stdout }),
      );
    });
    expect(ran).toMatchObject({ code: 2, stdout: expect.stringContaining('a thread ended before') });
  }, 30_000);
});
