import { z } from 'zod';
import { JsonError, decodeBase64url, parseStrictJson } from '../../encoding/index.js';
import { refuse } from '../../reasons/index.js';

/** RFC 8725 section 3.11: no JWT that the portal signs for another purpose can be taken for one of these. */
export const STATEMENT_TYPE = 'signpost-consent+jwt';

const MAX_STATEMENT = 4096;

const header = z.strictObject({ alg: z.literal('ES256'), typ: z.literal(STATEMENT_TYPE), kid: z.string().max(200).optional() });

const numericDate = z.int().min(1);
const claims = z.strictObject({
  iss: z.string(),
  aud: z.string(),
  sub: z.string(),
  iat: numericDate,
  exp: numericDate,
  jti: z.string().regex(/^[A-Za-z0-9_-]{22,128}$/),
  ap: z.string(),
  ssi: z.string(),
  purpose: z.enum(['consumer', 'business']),
  kind: z.enum(['user', 'service']).default('user'),
  circle: z.string().optional(),
});
/** What a portal says that its subscriber agreed to. Nothing of it is authentic before its signature was verified. */
export type ConsentStatement = z.infer<typeof claims>;

/**
 * The gate before the signature: one JSON document each, no member twice, none that is not named here, so that there is nothing for a library to be
 * lenient about.
 * @throws Refusal `proof-malformed`
 */
export const parseStatement = (text: string): ConsentStatement => {
  if (text.length > MAX_STATEMENT) return refuse('proof-malformed', 'size');
  const parts = text.split('.');
  const [first = '', second = '', third = ''] = parts;
  if (parts.length !== 3 || decodeBase64url(third)?.length !== 64) return refuse('proof-malformed', 'not a compact JWS of ES256');
  if (!header.safeParse(documentOf(first)).success) return refuse('proof-malformed', 'header');
  const parsed = claims.safeParse(documentOf(second));
  return parsed.success ? parsed.data : refuse('proof-malformed', `claims: ${String(parsed.error.issues[0]?.path[0] ?? 'members')}`);
};

/** Null for what is not base64url of a strict JSON document. */
const documentOf = (part: string): unknown => {
  const octets = decodeBase64url(part);
  try {
    return octets === null ? null : parseStrictJson(octets);
  } catch (error) {
    if (error instanceof JsonError) return null;
    throw error;
  }
};
