import { REASONS, Refusal, Unavailable, problemType, type Reason } from '../reasons/index.js';
import type { Answer } from './answer.js';

/** The members that a decision adds to a problem document (CONTRACT section 2). */
export interface ProblemFacts {
  readonly reason: Reason;
  /** Overrides the table's status where HTTP has one of its own (408, 431). */
  readonly status?: number;
  readonly step?: string | null;
  readonly clause?: string;
  readonly detail?: string | null;
  readonly logIndex?: number | null;
  /** Where `logIndex` is a batch: which of its records. */
  readonly batchIndex?: number | undefined;
  readonly retryAfter?: number | null;
  /** Methods for Allow (RFC 9110 section 15.5.6). */
  readonly allow?: readonly string[];
}

export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly reason: Reason;
  readonly step?: string;
  readonly clause: string;
  readonly detail?: string;
  readonly logIndex?: number;
  readonly batchIndex?: number;
  readonly requestId: string;
}

const DEFAULT_RETRY_AFTER = 5;

/** RFC 9457 section 3. A member without a value is left out: null would be of the wrong type. */
export const problemDocument = (facts: ProblemFacts, requestId: string): ProblemDocument => {
  const row = REASONS[facts.reason];
  return {
    type: problemType(facts.reason),
    title: row.title,
    status: facts.status ?? row.http,
    reason: facts.reason,
    ...(facts.step === null || facts.step === undefined ? {} : { step: facts.step }),
    clause: facts.clause ?? row.clause,
    // A fault's detail could hold anything: it stays in the operator's log, under the request id.
    ...(facts.detail === null || facts.detail === undefined || row.family === 'fault' ? {} : { detail: facts.detail }),
    ...(facts.logIndex === null || facts.logIndex === undefined ? {} : { logIndex: facts.logIndex }),
    ...(facts.batchIndex === undefined ? {} : { batchIndex: facts.batchIndex }),
    requestId,
  };
};

export const PROBLEM_TYPE = 'application/problem+json';

export const problemAnswer = (facts: ProblemFacts, requestId: string): Answer => {
  const document = problemDocument(facts, requestId);
  const headers = ['Cache-Control', 'no-store'];
  // RFC 9110 section 10.2.3: every 503 says when a retry makes sense; so does a 429.
  if (document.status === 503 || document.status === 429 || document.status === 502)
    headers.push('Retry-After', String(Math.max(1, Math.ceil(facts.retryAfter ?? DEFAULT_RETRY_AFTER))));
  if (facts.allow !== undefined) headers.push('Allow', facts.allow.join(', '));
  return { status: document.status, type: PROBLEM_TYPE, body: JSON.stringify(document), headers, reason: facts.reason };
};

/** What a thrown value means to the client. Anything that is not a Refusal is a fault of ours. */
export const factsOf = (thrown: unknown): ProblemFacts => {
  if (thrown instanceof RouteRefusal) return { reason: thrown.reason, detail: thrown.detail ?? null, allow: thrown.allow };
  if (thrown instanceof Unavailable) return { reason: thrown.reason, detail: thrown.detail ?? null, retryAfter: thrown.retryAfter };
  if (thrown instanceof Refusal) return { reason: thrown.reason, detail: thrown.detail ?? null };
  return { reason: 'internal-error' };
};

/** A method that a known path does not take. */
export class RouteRefusal extends Refusal {
  readonly allow: readonly string[];
  constructor(allow: readonly string[]) {
    super('method-not-allowed');
    this.allow = allow;
  }
}
