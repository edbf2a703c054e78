import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { ReplayedRange } from '../gateway/replayed-entries.js';
import { Refusal, type Reason } from '../reasons/index.js';
import { CannotRun } from './audit-report.js';

/** Entries of one task, at most: a thread reads what lies before a range in its batch, and ahead of it, in vain. */
const RANGE = 2048;
/** Tasks of a judge that are not taken yet: what has been judged waits for the state, which goes in order. */
const AHEAD = 2;

export interface Asked {
  /** ms */
  readonly now: number;
  readonly from: number;
  readonly to: number;
  /** Threads beside this one, which folds the state; 0: it judges too. Default: as many as there are cores and work for, 0 where there is but one. */
  readonly threads: number | undefined;
}

/** Judges ranges of entries again, in the order in which they are given. */
export interface RangeJudge {
  judge(from: number, to: number): Promise<ReplayedRange>;
  end(): Promise<void>;
}

/** What a thread answers to each range, in order: an error loses its class on the way. */
export type ThreadAnswer =
  { readonly range: ReplayedRange } | { readonly reason: Reason; readonly detail: string | undefined } | { readonly fault: string };

/**
 * Ranges of a data directory judged again by threads, one after the other from `from` to `to`, each entry in exactly one.
 * @param here who judges where there are no threads
 * @param most entries of one range
 * @throws Refusal; CannotRun when a thread ends before it has answered
 */
export async function* replayedRanges(place: string, asked: Asked, here: RangeJudge, most = RANGE): AsyncGenerator<ReplayedRange> {
  const { from, to, now } = asked;
  const count = asked.threads ?? defaultThreads(to - from);
  const judges = count === 0 ? [here] : Array.from({ length: count }, () => new Thread(place, now));
  const length = Math.max(1, Math.min(most, Math.ceil((to - from) / judges.length)));
  try {
    const waiting: { readonly from: number; readonly range: Promise<ReplayedRange> }[] = [];
    let next = from;
    for (let task = 0; next < to || waiting.length > 0;) {
      while (next < to && waiting.length < judges.length * AHEAD) {
        const end = Math.min(to, next + length);
        const range = (judges[task % judges.length] as RangeJudge).judge(next, end);
        // Taken in order, perhaps later than it fails.
        range.catch(() => undefined);
        waiting.push({ from: next, range });
        task += 1;
        next = end;
      }
      const first = waiting.shift();
      if (first === undefined) continue;
      const range = await first.range;
      // What is taken for judged must have been.
      if (range.from !== first.from) throw new Error(`entries from ${range.from} on were judged in place of those from ${first.from} on`);
      yield range;
    }
  } finally {
    await Promise.all(judges.map((judge) => judge.end()));
  }
}

const defaultThreads = (entries: number): number => {
  const cores = availableParallelism();
  return cores === 1 ? 0 : Math.min(cores, Math.floor(entries / RANGE));
};

class Thread implements RangeJudge {
  readonly #worker: Worker;
  readonly #waiting: { readonly resolve: (range: ReplayedRange) => void; readonly reject: (error: unknown) => void }[] = [];
  #fault: unknown = null;

  constructor(place: string, now: number) {
    this.#worker = new Worker(new URL('./audit-replay-worker.js', import.meta.url), { workerData: { place, now } });
    this.#worker.on('message', (answer: ThreadAnswer) => {
      const asked = this.#waiting.shift();
      if ('range' in answer) asked?.resolve(answer.range);
      else asked?.reject('fault' in answer ? new CannotRun(answer.fault) : new Refusal(answer.reason, answer.detail));
    });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new CannotRun('a thread ended before it had judged all that it was given')));
  }

  judge(from: number, to: number): Promise<ReplayedRange> {
    return new Promise<ReplayedRange>((resolve, reject) => {
      if (this.#fault !== null) return reject(this.#fault);
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage({ from, to }, []);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(error: unknown): void {
    this.#fault ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#fault);
  }
}
