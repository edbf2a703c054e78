import { parentPort, workerData } from 'node:worker_threads';
import { ReplayTerms } from '../gateway/replay-terms.js';
import { replayEntries } from '../gateway/replayed-entries.js';
import { Refusal, Unavailable } from '../reasons/index.js';
import { openReplaySource } from './audit-replay-source.js';
import type { ThreadAnswer } from './audit-replay-threads.js';

/* A thread of `audit replay`: judges ranges of entries again, one after the other, and answers in the order in which it was asked. */

const { place, now } = workerData as { readonly place: string; readonly now: number };
const source = await openReplaySource(place, now);
const terms = new ReplayTerms((digest) => source.documents.get(digest));
const port = parentPort;
if (port === null) throw new Error('not a thread');

const answer = async ({ from, to }: { readonly from: number; readonly to: number }): Promise<ThreadAnswer> => {
  try {
    return { range: await replayEntries({ ...source, terms }, from, to) };
  } catch (error) {
    if (error instanceof Unavailable) return { fault: error.message };
    // What is no difference, no damage and no fault of the system ends the thread, and so the replay.
    if (!(error instanceof Refusal)) throw error;
    return { reason: error.reason, detail: error.detail };
  }
};

let turn: Promise<void> = Promise.resolve();
port.on('message', (range: { readonly from: number; readonly to: number }) => {
  turn = turn.then(async () => port.postMessage(await answer(range)));
});
