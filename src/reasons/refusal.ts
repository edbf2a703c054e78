import { REASONS, type Reason } from './reasons.js';

/**
 * What does not hold. Thrown by every parser, check and verifier; `reason` is the stable code, the message is for people.
 * `detail` names the member, extension or rule at fault and never echoes input.
 */
export class Refusal extends Error {
  override readonly name: 'Refusal' | 'Unavailable' = 'Refusal';
  readonly reason: Reason;
  readonly detail: string | undefined;
  /** Index of the certificate at fault in the path as given, 0 = end-entity; null when none is to blame. */
  readonly position: number | null;

  constructor(reason: Reason, detail?: string, position: number | null = null) {
    const { title } = REASONS[reason];
    const message = detail === undefined ? title : `${title}: ${detail}`;
    // A refusal is an answer, not a fault: nobody reads where it was thrown, and walking the stack costs more than most checks do.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
    this.reason = reason;
    this.detail = detail;
    this.position = position;
  }
}

/** Cannot decide now: nothing was decided, nothing written; the same request may succeed later. Never logged as a verdict. */
export class Unavailable extends Refusal {
  override readonly name = 'Unavailable';
  /** Seconds after which a retry makes sense. */
  readonly retryAfter: number;

  constructor(reason: Reason, detail?: string, position: number | null = null, retryAfter = 5) {
    super(reason, detail, position);
    this.retryAfter = retryAfter;
  }
}

/** Throws the class that fits the reason's family. */
export const refuse = (reason: Reason, detail?: string, position: number | null = null): never => {
  if (REASONS[reason].family === 'unavailable') throw new Unavailable(reason, detail, position);
  throw new Refusal(reason, detail, position);
};
