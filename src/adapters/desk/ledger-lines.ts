import { z } from 'zod';
import { REVOCATION_REASONS, parseRange, type RevocationReason } from '../../issuance/index.js';

const isRevocationReason = (text: string): text is RevocationReason => Object.hasOwn(REVOCATION_REASONS, text);
const hex = z.string().regex(/^([0-9a-f]{2})+$/);
/** Seconds since 1970. */
const seconds = z.int().min(0);
/** `12025550200+100`, as `rangeText` writes it. */
const numbers = z.array(z.string().refine((text) => parseRange(text) !== null)).min(1);
/** Why the operator did it, in their words. */
const why = z.string().min(1).max(500).optional();

/** Lines of an older desk have none of the optional members. */
const issued = z.strictObject({
  event: z.literal('issued'),
  at: seconds,
  use: z.enum(['root', 'ca', 'own', 'delegate', 'delegate-ca', 'mailbox']),
  serial: hex,
  /** Who holds the key: the desk itself, an AP's or enterprise's domain, a mailbox. */
  holder: z.string(),
  /** SHA-256 of the certificate, and of its SubjectPublicKeyInfo. */
  fingerprint: hex,
  spki: hex,
  notAfter: seconds,
  numbers: numbers.optional(),
  mailbox: z.string().optional(),
  /** The AP's or enterprise's domain. */
  to: z.string().optional(),
  permitted: z.record(z.string(), z.array(z.string())).optional(),
  /** Base64 of the SubjectPublicKeyInfo, where the key stays with its owner: what a renewal certifies again. */
  key: z.string().optional(),
  /** Serial of the certificate that this one goes on from. */
  renews: hex.optional(),
  /** The batch that it was issued in. */
  batch: hex.optional(),
  why,
});

const revoked = z.strictObject({
  event: z.literal('revoked'),
  at: seconds,
  serial: hex,
  reason: z.string().refine(isRevocationReason),
  invalidSince: seconds.optional(),
  why,
});

const list = z.strictObject({
  event: z.literal('crl'),
  at: seconds,
  issuer: z.enum(['root', 'ca']),
  number: z.int().min(1),
  nextUpdate: seconds,
});

/** Numbers with a port pending: nothing is delegated over them until they are let go. */
const held = z.strictObject({ event: z.enum(['held', 'unheld']), at: seconds, numbers, why });

/** What an AP may ask for over the network. */
const granted = z.strictObject({
  event: z.literal('granted'),
  at: seconds,
  to: z.string(),
  numbers: numbers.optional(),
  /** Addresses, or the desk's whole domain. */
  mailboxes: z.union([z.array(z.string()).min(1), z.literal('all')]).optional(),
  ca: z.boolean(),
  /** Seconds. */
  lifetimeMax: seconds.optional(),
  why,
});

/** Without numbers and mailboxes: all that the AP was granted. */
const ungranted = z.strictObject({
  event: z.literal('ungranted'),
  at: seconds,
  to: z.string(),
  numbers: numbers.optional(),
  mailboxes: z.array(z.string()).min(1).optional(),
  why,
});

/** A PASSporT that was about to be signed on a subscriber's wish (docs/adr/0011): no number, no address, no SSI. */
const attested = z.strictObject({
  event: z.literal('attested'),
  at: seconds,
  /** The AP's domain. */
  to: z.string(),
  /** HMAC-SHA256 of the SII under `attestation.key` of the desk, base64url. */
  subject: z.string().length(43),
  /** Of the PASSporT. */
  jti: z.string(),
  consent: z.enum(['operator', 'sim', 'otp']),
});

const line = z.discriminatedUnion('event', [issued, revoked, list, held, granted, ungranted, attested]);
export type LedgerLine = z.infer<typeof line>;
export type IssuedLine = z.infer<typeof issued>;
export type RevokedLine = z.infer<typeof revoked>;
export type ListLine = z.infer<typeof list>;
export type HeldLine = z.infer<typeof held>;
export type GrantedLine = z.infer<typeof granted>;
export type AttestedLine = z.infer<typeof attested>;
export type UngrantedLine = z.infer<typeof ungranted>;

/** Null when the row is no line of a ledger. */
export const parseLine = (row: string): LedgerLine | null => {
  try {
    return line.parse(JSON.parse(row));
  } catch {
    return null;
  }
};
