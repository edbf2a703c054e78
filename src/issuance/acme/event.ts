import { z } from 'zod';
import { isReason, type Reason } from '../../reasons/index.js';

const isKnown = (code: string): code is Reason => isReason(code);
/** Seconds since 1970. */
const seconds = z.int().min(0);
const id = z.string().min(1);
/** Standard base64 of DER. */
const der = z.string().min(1);
const jwk = z.strictObject({ crv: z.literal('P-256'), kty: z.literal('EC'), x: z.string(), y: z.string() });

/** RFC 8739 section 3.1.1, with times as seconds. */
const autoRenewal = z.strictObject({ start: seconds.nullable(), end: seconds, lifetime: z.int().min(1), certificateGet: z.boolean() });
export type AutoRenewal = z.infer<typeof autoRenewal>;

const events = {
  account: z.strictObject({
    event: z.literal('account'),
    at: seconds,
    id,
    jwk,
    domain: z.string(),
    kid: z.string(),
    contact: z.array(z.string()),
  }),
  contact: z.strictObject({ event: z.literal('contact'), at: seconds, account: id, contact: z.array(z.string()) }),
  deactivated: z.strictObject({ event: z.literal('deactivated'), at: seconds, account: id }),
  keyChanged: z.strictObject({ event: z.literal('key-changed'), at: seconds, account: id, jwk }),
  order: z.strictObject({
    event: z.literal('order'),
    at: seconds,
    id,
    account: id,
    /** base64url of the TNAuthList. */
    identifier: z.string(),
    expires: seconds,
    notBefore: seconds.nullable(),
    notAfter: seconds.nullable(),
    autoRenewal: autoRenewal.nullable(),
    certificateGet: z.boolean(),
    delegation: id.nullable(),
    /** Null under a delegation. `challenge` is the challenge's token. */
    authorization: z.strictObject({ id, challenge: z.string() }).nullable(),
  }),
  authorized: z.strictObject({
    event: z.literal('authorized'),
    at: seconds,
    authorization: id,
    ca: z.boolean(),
    /** What the authority token is known by ever after, and until when it could be used. */
    spent: z.string(),
    spentUntil: seconds,
  }),
  refused: z.strictObject({
    event: z.literal('refused'),
    at: seconds,
    authorization: id,
    reason: z.string().refine(isKnown),
    detail: z.string().nullable(),
  }),
  relinquished: z.strictObject({ event: z.literal('relinquished'), at: seconds, authorization: id }),
  issued: z.strictObject({
    event: z.literal('issued'),
    at: seconds,
    id,
    order: id,
    path: z.array(der).min(1),
    serial: z.string(),
    /** Of the key that was certified. */
    spki: der,
    notBefore: seconds,
    notAfter: seconds,
  }),
  canceled: z.strictObject({ event: z.literal('canceled'), at: seconds, order: id, by: z.enum(['account', 'provider']) }),
  revoked: z.strictObject({ event: z.literal('revoked'), at: seconds, certificate: id, reason: z.string() }),
  /** An authority token that was given out; `digest` is SHA-256 of its tkvalue, so no number stands here. */
  authorityToken: z.strictObject({
    event: z.literal('authority-token'),
    at: seconds,
    domain: z.string(),
    jti: z.string(),
    digest: z.string(),
    ca: z.boolean(),
  }),
} as const;

const event = z.discriminatedUnion('event', [
  events.account,
  events.contact,
  events.deactivated,
  events.keyChanged,
  events.order,
  events.authorized,
  events.refused,
  events.relinquished,
  events.issued,
  events.canceled,
  events.revoked,
  events.authorityToken,
]);

/** One thing that the ACME server did. `at` in seconds. */
export type AcmeEvent = z.infer<typeof event>;
export type EventOf<K extends AcmeEvent['event']> = Extract<AcmeEvent, { event: K }>;

/** @throws Error when the journal holds what no version of this server wrote: state that is guessed at would be worse than none */
export const parseEvent = (value: unknown, index: number): AcmeEvent => {
  const parsed = event.safeParse(value);
  if (!parsed.success) throw new Error(`entry ${index} of the ACME journal is broken`);
  return parsed.data;
};
