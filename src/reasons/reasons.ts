import { ACME_REASONS } from './acme-reasons.js';
import { ATTESTATION_REASONS } from './attestation-reasons.js';
import { CREDENTIAL_REASONS } from './credential-reasons.js';
import { PASSPORT_REASONS } from './passport-reasons.js';
import { PATH_REASONS } from './path-reasons.js';
import { REQUEST_REASONS } from './request-reasons.js';
import type { ReasonRow } from './reason-row.js';

/**
 * The table of reasons: every "no" and every "cannot decide now" of the gateway, once.
 * A code that was released is never renamed or given another meaning.
 */
export const REASONS = {
  ...PASSPORT_REASONS,
  ...PATH_REASONS,
  ...CREDENTIAL_REASONS,
  ...REQUEST_REASONS,
  ...ACME_REASONS,
  ...ATTESTATION_REASONS,
} as const satisfies Record<string, ReasonRow>;

export type Reason = keyof typeof REASONS;

export const isReason = (code: string): code is Reason => Object.hasOwn(REASONS, code);

/** The RFC 9457 problem type of a reason. */
export const problemType = (reason: Reason): string => `urn:signpost:reason:${reason}`;
