import { CONSENTS, type Consent } from '../passport/index.js';
import { permittedValuesOf, type ClaimConstraints } from '../x509/index.js';
import type { SignerKind } from './verdict.js';

export const strength = (consent: string): number => {
  const index = CONSENTS.findIndex((known) => known === consent);
  // A value that is no consent pins nothing: it counts as the weakest.
  return index < 0 ? 1 : CONSENTS.length - index;
};

/**
 * The strongest consent that a credential can state. An AP's word about its own user is no proof: of a delegate or mailbox certificate it is the
 * weakest that the credential permits, so that pinning one value makes it count; where nothing is pinned, `app`. An NP or EP may state any.
 */
export const consentAtMost = (kind: SignerKind, constraints: ClaimConstraints | null): string => {
  if (kind !== 'delegate' && kind !== 'mailbox') return CONSENTS[0];
  const permitted = permittedValuesOf(constraints, 'consent') ?? ['app'];
  return permitted.reduce((weakest, value) => (strength(value) < strength(weakest) ? value : weakest));
};

/** The consent that counts of what the PASSporT states. */
export const consentThatCounts = (stated: Consent, kind: SignerKind, constraints: ClaimConstraints | null): string =>
  kind === 'delegate' || kind === 'mailbox' ? consentAtMost(kind, constraints) : stated;
