import { parentPort, workerData } from 'node:worker_threads';
import type { SharedMoment } from './waker.js';

/** The thread that waits for moments, and does nothing else. */
const { asked, moment } = workerData as SharedMoment;

for (;;) {
  // Before the moment is read: a newer one that comes from here on ends the wait below.
  const seen = Atomics.load(asked, 0);
  const until = Atomics.load(moment, 0);
  const left = until === 0n ? Infinity : Number(until - process.hrtime.bigint()) / 1e6;
  if (left > 0) Atomics.wait(asked, 0, seen, left);
  else if (Atomics.compareExchange(moment, 0, until, 0n) === until) parentPort?.postMessage(null, []);
}
