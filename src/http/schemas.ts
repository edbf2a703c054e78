import { z } from 'zod';
import { parseSii, parseSsi } from '../identifiers/index.js';
import { Refusal } from '../reasons/index.js';
import { LIMITS } from './limits.js';

/** The bodies that clients send, closed: what is not named here is refused. OpenAPI is made from these same objects. */

const holds = (parse: (text: string) => unknown) => (text: string) => {
  try {
    parse(text);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
};

export const sii = z
  .string()
  .max(320)
  .refine(holds(parseSii))
  .meta({ description: 'A phone number or e-mail address', examples: ['tel:+12025550100', 'mailto:alice@example.com'] });

/** DESIGN section 7: an SSI has at most 96 bytes. */
export const ssi = z
  .string()
  .max(96)
  .refine(holds(parseSsi))
  .meta({ description: 'A user at one provider', examples: ['mimi://a.example/u/alice'] });

export const circle = z
  .string()
  .regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/)
  .meta({ description: 'base64url of SHA-256 of the circle code' });

export const lookupQuery = z.strictObject({
  sii,
  view: z.enum(['consumer', 'business', 'all']).optional(),
  circle: circle.optional(),
});

/** One query, and an answer that the discovery provider signs, where policy lets it. */
export const signedLookup = z.strictObject({ ...lookupQuery.shape, signed: z.literal(true) });

export const lookupBatch = z.strictObject({ lookups: z.array(lookupQuery).min(1).max(LIMITS.lookupBatch) });

export const withdrawal = z.strictObject({ sii, ssi });

/** Its grammar is checked further on: what breaks it has a reason of its own. */
const caseId = z.string().meta({ description: 'the case that it is for: 1 to 64 printable ASCII characters' });

export const openingQuery = z.strictObject({ case: caseId.optional() });

export const erasure = z.strictObject({ sii, case: caseId });

export const passportLine = z.strictObject({ passport: z.string() });
