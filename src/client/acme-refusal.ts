import { JsonError, parseStrictJson, type JsonObject, type JsonValue } from '../encoding/index.js';
import { ApiRefusal, ApiUnavailable, UnexpectedAnswer, type Problem } from './api-refusal.js';

const TYPE = /^urn:ietf:params:acme:error:([A-Za-z]+)$/;

/** An ACME server refused. `reason` is its code where it is one of ours, else the name of the error type. */
export class AcmeRefusal extends ApiRefusal {
  /** The error type of RFC 8555 section 6.7, without its prefix. */
  readonly type: string;

  constructor(problem: Problem, type: string) {
    super(problem);
    this.type = type;
  }
}

export const parseJsonObject = (octets: Uint8Array): JsonObject => {
  let value: JsonValue;
  try {
    value = parseStrictJson(octets);
  } catch (error) {
    if (error instanceof JsonError) throw new UnexpectedAnswer('not strict JSON');
    throw error;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new UnexpectedAnswer('not a JSON object');
};

const textOf = (document: JsonObject, member: string): string | null => {
  const value = document[member];
  return typeof value === 'string' ? value : null;
};

/** The error that a problem document stands for, wherever it was found: in an answer, a challenge or an order. */
export const refusalOf = (document: JsonObject, status: number, retryAfter: string | undefined): ApiRefusal | UnexpectedAnswer => {
  const [, type] = TYPE.exec(textOf(document, 'type') ?? '') ?? [];
  if (type === undefined) return new UnexpectedAnswer(`status ${status} without an ACME problem`);
  const problem: Problem = {
    status,
    reason: textOf(document, 'reason') ?? type,
    step: null,
    clause: textOf(document, 'clause'),
    detail: textOf(document, 'detail'),
    logIndex: null,
    batchIndex: null,
    requestId: null,
    // RFC 9110 section 10.2.3, delay-seconds alone.
    retryAfter: retryAfter !== undefined && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : null,
  };
  return status === 502 || status === 503 ? new ApiUnavailable(problem) : new AcmeRefusal(problem, type);
};
