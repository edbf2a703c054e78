import { parentPort, workerData } from 'node:worker_threads';
import { ReplayTerms } from '../gateway/replay-terms.js';
import { replayEntries } from '../gateway/replayed-entries.js';
import { openReplaySource } from './audit-replay-source.js';

/* A thread of `audit replay`: judges ranges of entries again, one after the other, until its port closes. */

const { place, now } = workerData as { readonly place: string; readonly now: number };
const source = await openReplaySource(place, now);
const terms = new ReplayTerms((digest) => source.documents.get(digest));
const port = parentPort;
if (port === null) throw new Error('not a thread');

port.on('message', (range: { readonly from: number; readonly to: number } | null) => {
  if (range === null) {
    port.close();
    void source.close();
    return;
  }
  const answer = async (): Promise<void> => port.postMessage(await replayEntries({ ...source, terms }, range.from, range.to));
  // What is no difference is a fault: the thread ends with it, and so does the replay.
  answer().catch((error: unknown) =>
    setImmediate(() => {
      throw error;
    }),
  );
});
