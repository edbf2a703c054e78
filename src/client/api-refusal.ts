import { parseStrictJson, type JsonObject } from '../encoding/index.js';

/** What a gateway said when it said no: the members of its problem document (CONTRACT section 2). */
export interface Problem {
  readonly status: number;
  /** A code of `/v1/reasons`; a gateway newer than this client may know codes that this client does not. */
  readonly reason: string;
  readonly step: string | null;
  readonly clause: string | null;
  readonly detail: string | null;
  /** Where in the log the refusal stands; null where it was not logged. */
  readonly logIndex: number | null;
  /** Where that is a batch: which of its records; null elsewhere. */
  readonly batchIndex: number | null;
  readonly requestId: string | null;
  /** Seconds; null where the gateway named none. */
  readonly retryAfter: number | null;
}

/** The gateway refused. Nothing was written but, where `logIndex` is a number, the refusal itself. */
export class ApiRefusal extends Error implements Problem {
  override readonly name: 'Refusal' | 'Unavailable' = 'Refusal';
  readonly status: number;
  readonly reason: string;
  readonly step: string | null;
  readonly clause: string | null;
  readonly detail: string | null;
  readonly logIndex: number | null;
  readonly batchIndex: number | null;
  readonly requestId: string | null;
  readonly retryAfter: number | null;

  constructor(problem: Problem) {
    super(`${problem.reason}${problem.detail === null ? '' : `: ${problem.detail}`}`);
    this.status = problem.status;
    this.reason = problem.reason;
    this.step = problem.step;
    this.clause = problem.clause;
    this.detail = problem.detail;
    this.logIndex = problem.logIndex;
    this.batchIndex = problem.batchIndex;
    this.requestId = problem.requestId;
    this.retryAfter = problem.retryAfter;
  }
}

/** The gateway could not decide now: nothing was decided, and the same request may succeed later. */
export class ApiUnavailable extends ApiRefusal {
  override readonly name = 'Unavailable';
}

/**
 * More distinct numbers than the quota has left, or too many at once. Nothing was counted: fewer may be answered, and what was answered before in this
 * epoch is. `retryAfter`: seconds until the same request may be answered. Never repeated by itself.
 */
export class ApiOverQuota extends ApiRefusal {}

/** No whole answer came. Of a submission the outcome is unknown; presenting the same PASSporT again is safe and tells it. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  /** False where the same request must fail again: a server certificate that does not verify. */
  readonly mayRetry: boolean;

  constructor(message: string, mayRetry: boolean, cause?: unknown) {
    super(message, { cause });
    this.mayRetry = mayRetry;
  }
}

/** An answer that CONTRACT does not describe: not a gateway, or one that is broken. Never taken for a yes. */
export class UnexpectedAnswer extends Error {
  override readonly name = 'UnexpectedAnswer';
}

/** The error that a status and a problem document stand for. */
export const problemError = (status: number, body: Uint8Array, retryAfterHeader: string | undefined): ApiRefusal | UnexpectedAnswer => {
  const document = parseObject(body);
  const reason = document === null ? null : textOf(document, 'reason');
  if (document === null || reason === null) return new UnexpectedAnswer(`status ${status} without a problem document`);
  const problem: Problem = {
    status,
    reason,
    step: textOf(document, 'step'),
    clause: textOf(document, 'clause'),
    detail: textOf(document, 'detail'),
    logIndex: integerOf(document, 'logIndex'),
    batchIndex: integerOf(document, 'batchIndex'),
    requestId: textOf(document, 'requestId'),
    retryAfter: secondsOf(retryAfterHeader),
  };
  if (status === 502 || status === 503) return new ApiUnavailable(problem);
  return status === 429 && reason === 'over-quota' ? new ApiOverQuota(problem) : new ApiRefusal(problem);
};

const parseObject = (body: Uint8Array): JsonObject | null => {
  try {
    const value = parseStrictJson(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
};

const textOf = (document: JsonObject, member: string): string | null => {
  const value = document[member];
  return typeof value === 'string' ? value : null;
};

const integerOf = (document: JsonObject, member: string): number | null => {
  const value = document[member];
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null;
};

/** RFC 9110 section 10.2.3, delay-seconds alone: a date would need a clock that both sides share. An epoch of quotas may be a month. */
const secondsOf = (header: string | undefined): number | null => (header !== undefined && /^\d{1,9}$/.test(header) ? Number(header) : null);
