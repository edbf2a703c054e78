import { Worker } from 'node:worker_threads';
import type { Waker } from '../../ports/index.js';

/** What the two threads share. `asked` counts the waits; `moment` is the end of the newest, ns of the machine's monotonic clock, 0 where it was kept. */
export interface SharedMoment {
  readonly asked: Int32Array;
  readonly moment: BigInt64Array;
}

/**
 * Wakes by a thread of its own, which does nothing else. The event loop's timers cannot do this: they have whole milliseconds, and
 * the wait is counted from where the work before it ended, so that its end tells how long the work took. No thread before the first wait.
 */
export const threadWaker: Waker = (wake) => {
  const shared: SharedMoment = { asked: new Int32Array(new SharedArrayBuffer(4)), moment: new BigInt64Array(new SharedArrayBuffer(8)) };
  let thread: Worker | null = null;
  return {
    after(ms) {
      thread ??= start(shared, wake);
      Atomics.store(shared.moment, 0, process.hrtime.bigint() + BigInt(Math.ceil(ms * 1e6)));
      Atomics.add(shared.asked, 0, 1);
      Atomics.notify(shared.asked, 0);
    },
    async end() {
      await thread?.terminate();
    },
  };
};

/** A thread that fails is nobody's to catch, and ends the process: answers would wait for ever. */
const start = (shared: SharedMoment, wake: () => void): Worker => {
  const thread = new Worker(new URL('./waker-thread.js', import.meta.url), { workerData: shared });
  thread.on('message', wake);
  thread.unref();
  return thread;
};
