import type { Principal, Submission } from '../gateway/use-cases.js';
import { REASONS } from '../reasons/index.js';
import type { ProblemFacts } from './problem.js';
import type { Site } from './site.js';

/** What a submission is answered with: the acceptance and its status, or what the problem document says. */
export type SubmissionAnswer =
  | { readonly accepted: true; readonly status: 200 | 201; readonly body: object }
  | { readonly accepted: false; readonly facts: ProblemFacts };

/** Presents one PASSporT, alone or from a line, and counts it. Faults are thrown. */
export const present = async (site: Site, passport: string, client: Principal): Promise<SubmissionAnswer> => {
  const submission = await site.gateway.submit(passport, client);
  for (const code of submission.findings ?? []) site.metrics.finding(code);
  if (submission.outcome === 'accepted') {
    site.metrics.accepted(submission.answer.action, submission.first);
    return { accepted: true, status: submission.first ? 201 : 200, body: submission.answer };
  }
  site.metrics.notAccepted(submission.outcome, submission.step ?? '', submission.reason);
  return { accepted: false, facts: factsOf(submission) };
};

const factsOf = (submission: Exclude<Submission, { outcome: 'accepted' }>): ProblemFacts => ({
  reason: submission.reason,
  step: submission.step,
  clause: submission.clause === '' ? REASONS[submission.reason].clause : submission.clause,
  detail: submission.detail,
  logIndex: submission.logIndex,
  batchIndex: submission.batchIndex,
  retryAfter: submission.retryAfter,
});
