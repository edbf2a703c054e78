import { setImmediate as turn } from 'node:timers/promises';
import type { Principal, Submission } from '../../src/gateway/index.js';
import { A, makeWorld, openAt, type OpenOptions, type Opened, type Place } from './open-gateway.js';

/** A gateway where a client has two refusals to itself, and another each second. */
export const openStrict = async (place: Place, options: OpenOptions = {}): Promise<Opened> =>
  openAt(place, { ...options, world: { ...(options.world ?? (await makeWorld(place))), rejects: { perSecond: 1, burst: 2 } } });

/** Submits what no parser takes, until each is answered or waits for its batch. */
export const flood = async ({ gateway }: Opened, count: number, client: Principal = A): Promise<Promise<Submission>[]> => {
  const before = gateway.rejects.waiting;
  let answered = 0;
  const answers = Array.from({ length: count }, (_, i) => gateway.submit(`junk ${i}`, client));
  for (const answer of answers)
    answer.then(
      () => (answered += 1),
      () => (answered += 1),
    );
  while (gateway.rejects.waiting - before + answered < count) await turn();
  return answers;
};

/** Index of the entry, and of the record in it where it is a batch. */
export const placeOf = (submission: Submission): readonly [number | null, number | null] => {
  if (submission.outcome === 'accepted') throw new Error('accepted');
  return [submission.logIndex, submission.batchIndex ?? null];
};
