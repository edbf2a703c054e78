import { z } from 'zod';
import { refuse } from '../../reasons/index.js';
import type { Grant } from '../grants.js';
import type { AutoRenewal } from './event.js';
import type { AcmeLimits } from './limits.js';
import { secondsOf } from './payload.js';

/** RFC 8739 section 3.1.1. */
export const renewalShape = z.object({
  'start-date': z.string().optional(),
  'end-date': z.string(),
  lifetime: z.int().min(1),
  'lifetime-adjust': z.int().min(0).default(0),
  'allow-certificate-get': z.boolean().default(false),
});

/** When, for how long and how the credentials of an order are given out. Seconds. */
export interface OrderTerms {
  readonly notBefore: number | null;
  readonly notAfter: number | null;
  readonly autoRenewal: AutoRenewal | null;
  readonly certificateGet: boolean;
}

interface Asked {
  readonly notBefore?: string | undefined;
  readonly notAfter?: string | undefined;
  readonly 'auto-renewal'?: z.infer<typeof renewalShape> | undefined;
  readonly 'allow-certificate-get'?: boolean | undefined;
}

const renewalOf = (asked: z.infer<typeof renewalShape>, now: number, limits: AcmeLimits): AutoRenewal => {
  const start = asked['start-date'] === undefined ? null : secondsOf(asked['start-date']);
  const end = secondsOf(asked['end-date']);
  const from = start ?? now;
  // DESIGN section 7: nothing is backdated, not even by RFC 8739's left pad: the fence after a release compares notBefore.
  if (asked['lifetime-adjust'] !== 0) return refuse('validity-not-allowed', 'lifetime-adjust');
  if (from < now) return refuse('validity-not-allowed', 'start-date is in the past');
  // It is issued at finalize: one that begins later would outlive, by as much, the taking back of what was granted.
  if (from - now > asked.lifetime) return refuse('validity-not-allowed', 'start-date lies more than a lifetime ahead');
  if (end <= from || end - from > limits.maxRenewalDuration) return refuse('validity-not-allowed', 'end-date');
  if (asked.lifetime < limits.minRenewalLifetime || asked.lifetime > limits.maxRenewalLifetime)
    return refuse('validity-not-allowed', 'lifetime');
  return { start, end, lifetime: asked.lifetime, certificateGet: asked['allow-certificate-get'] };
};

/**
 * What an order asks for, where this desk gives it.
 * @throws Refusal `validity-not-allowed`; `malformed-request` for instants that are none, and for notBefore or notAfter beside auto-renewal
 * (RFC 8739 section 3.1.1)
 */
export const termsOf = (asked: Asked, now: number, limits: AcmeLimits): OrderTerms => {
  const notBefore = asked.notBefore === undefined ? null : secondsOf(asked.notBefore);
  const notAfter = asked.notAfter === undefined ? null : secondsOf(asked.notAfter);
  const certificateGet = asked['allow-certificate-get'] ?? false;
  if (asked['auto-renewal'] !== undefined) {
    if (notBefore !== null || notAfter !== null) return refuse('malformed-request', 'auto-renewal beside notBefore or notAfter');
    const autoRenewal = renewalOf(asked['auto-renewal'], now, limits);
    return { notBefore, notAfter, autoRenewal, certificateGet: certificateGet || autoRenewal.certificateGet };
  }
  const from = notBefore ?? now;
  if (from < now) return refuse('validity-not-allowed', 'notBefore is in the past');
  const until = notAfter ?? from + limits.defaultLifetime;
  if (until <= from) return refuse('validity-not-allowed', 'notAfter');
  if (until - from > limits.maxLifetime) return refuse('validity-not-allowed', 'lifetime');
  // A promise that lies far ahead outlives what was granted for today.
  if (from - now > limits.maxLifetime) return refuse('validity-not-allowed', 'notBefore');
  return { notBefore, notAfter, autoRenewal: null, certificateGet };
};

/**
 * Seconds from now to the end of the credential that this order asks for: what a grant's longest lifetime is held against. Not its own life, for else
 * credentials that begin one after the other would be had together, and outlive what was granted. Null: the order does not say.
 */
export const reachOf = ({ notBefore, notAfter, autoRenewal }: OrderTerms, now: number): number | null => {
  if (autoRenewal !== null) return (autoRenewal.start ?? now) + autoRenewal.lifetime - now;
  if (notAfter !== null) return notAfter - now;
  return notBefore === null ? null : notBefore - now;
};

/** What an order gets that does not say: no longer than any grant of this AP allows. */
export const defaultLifetime = (grants: readonly Grant[], limits: AcmeLimits): number =>
  Math.min(limits.defaultLifetime, ...grants.map(({ lifetimeMax }) => lifetimeMax ?? Number.POSITIVE_INFINITY));

export interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

/** The validity of a certificate that is issued now. `lifetime` where the order says none. @throws Refusal `validity-not-allowed` when its time has passed */
export const validityOf = (terms: OrderTerms, now: number, lifetime: number): Validity => {
  const { autoRenewal } = terms;
  const notBefore = Math.max(now, autoRenewal === null ? (terms.notBefore ?? now) : (autoRenewal.start ?? now));
  const notAfter =
    autoRenewal === null ? (terms.notAfter ?? notBefore + lifetime) : Math.min(notBefore + autoRenewal.lifetime, autoRenewal.end);
  return notAfter > notBefore ? { notBefore, notAfter } : refuse('validity-not-allowed', 'the time has passed');
};
