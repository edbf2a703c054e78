import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { ReplayedRange } from '../gateway/replayed-entries.js';

/** Entries of one task: some 50 ms of a core. */
const RANGE = 512;
/** Tasks of a thread that are not taken yet: what has been judged waits for the state, which goes in order. */
const AHEAD = 4;

export interface Asked {
  /** ms */
  readonly now: number;
  readonly from: number;
  readonly to: number;
}

/** Ranges of a data directory judged again by as many threads as there are cores, given in order. */
export async function* replayInThreads(place: string, { now, from, to }: Asked): AsyncGenerator<ReplayedRange> {
  const count = Math.max(1, Math.min(availableParallelism(), Math.ceil((to - from) / RANGE)));
  const threads = Array.from({ length: count }, () => new Thread(place, now));
  try {
    const waiting: Promise<ReplayedRange>[] = [];
    let next = from;
    for (let task = 0; next < to || waiting.length > 0;) {
      while (next < to && waiting.length < count * AHEAD) {
        const end = Math.min(to, next + RANGE);
        waiting.push((threads[task % count] as Thread).judge(next, end));
        task += 1;
        next = end;
      }
      const first = waiting.shift();
      if (first !== undefined) yield await first;
    }
  } finally {
    await Promise.all(threads.map((thread) => thread.end()));
  }
}

class Thread {
  readonly #worker: Worker;
  readonly #waiting: { readonly resolve: (range: ReplayedRange) => void; readonly reject: (error: unknown) => void }[] = [];
  #fault: unknown = null;

  constructor(place: string, now: number) {
    this.#worker = new Worker(new URL('./audit-replay-worker.js', import.meta.url), { workerData: { place, now } });
    this.#worker.on('message', (range: ReplayedRange) => this.#waiting.shift()?.resolve(range));
    this.#worker.on('error', (error) => {
      this.#fault = error;
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    });
  }

  judge(from: number, to: number): Promise<ReplayedRange> {
    const judged = new Promise<ReplayedRange>((resolve, reject) => {
      if (this.#fault !== null) return reject(this.#fault);
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage({ from, to }, []);
    });
    // Taken in order, perhaps later than it fails.
    judged.catch(() => undefined);
    return judged;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
