import type { Principal, Submission } from '../../src/gateway/index.js';
import type { FileSystem } from '../../src/adapters/files/index.js';
import { openAt, type Place } from './open-gateway.js';

export interface Plan {
  /** ms */
  readonly now: number;
  readonly submissions: ReadonlyArray<{ readonly passport: string; readonly client: Principal }>;
}

export interface Acknowledged {
  /** Index of the submission in the plan. */
  readonly i: number;
  readonly submission: Submission;
}

/** Opens a gateway, submits what the plan says, publishes now and then, saves a snapshot, and closes. Each answer is told at once. */
export const live = async (place: Place, fs: FileSystem, plan: Plan, tell: (answer: Acknowledged) => void): Promise<void> => {
  const opened = await openAt(place, { fs });
  for (const [i, { passport, client }] of plan.submissions.entries()) {
    const submission = await opened.gateway.submit(passport, client);
    tell({ i, submission });
    if (i % 3 === 1) await opened.publisher.publish();
    if (i === 2) await opened.gateway.snapshot();
  }
  await opened.publisher.publish();
  await opened.close();
};
