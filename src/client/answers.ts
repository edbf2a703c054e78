import { z } from 'zod';
import { parseStrictJson } from '../encoding/index.js';
import { problemError, UnexpectedAnswer } from './api-refusal.js';
import type { Answer } from './connection.js';

/** The answers of CONTRACT section 2. Members that this client does not know are dropped, so that a newer gateway still answers it. */

const index = z.int().nonnegative();

export const acceptance = z.object({
  action: z.string(),
  logIndex: index,
  leafHash: z.string(),
  receipt: z.string(),
  pending: z.boolean().optional(),
  mapping: z.object({ sii: z.string(), ssi: z.string(), provider: z.string(), expires: z.string() }).optional(),
});
export type Acceptance = z.infer<typeof acceptance>;

export const withdrawal = z.object({ logIndex: index, receipt: z.string() });
export type Withdrawal = z.infer<typeof withdrawal>;

export const lookupAnswer = z.object({
  sii: z.string(),
  mappings: z.array(
    z.object({
      ssi: z.string(),
      provider: z.string(),
      purpose: z.string(),
      kind: z.string(),
      default: z.boolean(),
      expires: z.string(),
      logIndex: index.optional(),
    }),
  ),
  /** Seconds for which the answer may be kept. */
  ttl: z.number().nonnegative(),
});
export type LookupAnswer = z.infer<typeof lookupAnswer>;

export const lookupBatch = z.object({ answers: z.array(lookupAnswer) });

const amount = z.number().nonnegative();

/** A caller's quota of lookups: `limit` is `formula` of `inputs`. */
export const quotaAnswer = z.object({
  /** Distinct SIIs in the epoch. */
  limit: amount,
  used: amount,
  remaining: amount,
  epoch: z.object({ start: z.string(), end: z.string(), hours: amount }),
  /** When the count begins anew. */
  reset: z.string(),
  formula: z.string(),
  inputs: z.object({ mappings: amount, base: amount, factor: amount, contacts: amount, reachable: amount }),
  /** How many may be asked at once, and how that drains. */
  burst: z.object({ size: amount, share: amount, rate: amount }),
});
export type Quota = z.infer<typeof quotaAnswer>;

/** A code is out (docs/provider-attestation.md). */
export const pendingAnswer = z.object({ id: z.string(), proof: z.literal('otp'), expires: z.string() });
export type PendingAttestation = z.infer<typeof pendingAnswer>;

export const attestationAnswer = z.object({
  /** A register PASSporT for this AP alone. */
  passport: z.string(),
  consent: z.enum(['operator', 'sim', 'otp']),
  expires: z.string(),
});
export type Attested = z.infer<typeof attestationAnswer>;

/**
 * The answer's JSON in the shape that belongs to its status.
 * @throws ApiRefusal, ApiUnavailable what the problem document says; UnexpectedAnswer for anything else.
 */
export const readAnswer = <T>(answer: Answer, shape: z.ZodType<T>): T => {
  if (answer.status < 200 || answer.status > 299) throw problemError(answer.status, answer.body, answer.retryAfter);
  return readShape(answer.body, shape);
};

export const readShape = <T>(body: Uint8Array | string, shape: z.ZodType<T>): T => {
  let value: unknown;
  try {
    value = parseStrictJson(body);
  } catch {
    throw new UnexpectedAnswer('the answer is not JSON');
  }
  const read = shape.safeParse(value);
  if (!read.success) throw new UnexpectedAnswer('the answer is not of the documented shape');
  return read.data;
};
