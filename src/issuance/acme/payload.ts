import type { z } from 'zod';
import { parseInstant } from '../../numbering/index.js';
import { AcmeRefusal } from './problem.js';
import { refuse } from '../../reasons/index.js';
import { HOUR } from './limits.js';
import { parseObject } from './signed-request.js';

/**
 * The payload as the schema's value; members that it does not name are passed over (RFC 8555 section 7.1).
 * @throws Refusal `malformed-json`, `malformed-request` with the place at fault and nothing that the client wrote
 */
export const payloadOf = <T>(payload: Uint8Array, schema: z.ZodType<T>): T => {
  const parsed = schema.safeParse(parseObject(payload, 'malformed-request'));
  if (parsed.success) return parsed.data;
  const { path = [], code = 'shape' } = parsed.error.issues[0] ?? {};
  // Members of the schema and indices alone: a name of the client's making is in no schema.
  return refuse('malformed-request', `${path.map(String).join('.')} ${code}`.trim());
};

/** RFC 8555 section 6.3: POST-as-GET has an empty payload, not an empty object. @throws Refusal `malformed-request` */
export const checkEmpty = (payload: Uint8Array): void => {
  if (payload.length > 0) refuse('malformed-request', 'POST-as-GET has an empty payload');
};

/** Seconds of an RFC 3339 instant. @throws Refusal `malformed-request` */
export const secondsOf = (text: string): number => Math.floor((parseInstant(text) ?? refuse('malformed-request', 'instant')) / 1000);

export const instantOf = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

/**
 * Holds a count of the last hour to its limit. `times` oldest first, in seconds.
 * @throws AcmeRefusal `rate-limited`, with when the oldest that counts will count no more
 */
export const checkRate = (times: readonly number[], limit: number, now: number, what: string): void => {
  if (times.length < limit) return;
  const oldest = times[times.length - limit] ?? now;
  throw new AcmeRefusal('rate-limited', what, { retryAfter: Math.max(1, oldest + HOUR - now) });
};
