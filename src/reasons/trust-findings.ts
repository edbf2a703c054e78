import {
  AUTHORITIES,
  END_ENTITY,
  EVERY_PROFILE,
  EVERY_ROLE,
  type FindingProfile,
  type FindingSeverity,
  type OffProfileRow,
  type Role,
} from './finding-row.js';

const finding = (
  severity: FindingSeverity,
  profiles: readonly FindingProfile[],
  roles: readonly Role[],
  clause: string,
  title: string,
  advice: string,
): OffProfileRow => ({ grade: 'off-profile', severity, profiles, roles, clause, title, advice });

const BOUND: readonly FindingProfile[] = ['delegate', 'email'];

/** What may be off under any trust profile, and under those that are not SHAKEN's. */
export const TRUST_FINDINGS = {
  'short-serial': finding(
    'warning',
    EVERY_PROFILE,
    EVERY_ROLE,
    'ATIS-1000080 section 6.4.1',
    'the serial number has less than 64 bits',
    'Issue with at least 64 random bits, so that nobody can guess the next serial.',
  ),
  'non-minimal-key-usage': finding(
    'warning',
    EVERY_PROFILE,
    EVERY_ROLE,
    'X.690 section 11.2.2',
    'keyUsage is encoded with trailing zero bits',
    'Issue with the shortest BIT STRING, 03 02 07 80 for digitalSignature.',
  ),
  'ca-key-usage-not-critical': finding(
    'warning',
    EVERY_PROFILE,
    AUTHORITIES,
    'RFC 5280 section 4.2.1.3',
    "an authority's keyUsage is not critical",
    'Issue it critical.',
  ),
  'ca-key-usage-besides': finding(
    'warning',
    EVERY_PROFILE,
    AUTHORITIES,
    'RFC 5280 section 4.2.1.3',
    'an authority may use its key for more than certificates, CRLs and signatures',
    'Issue with keyCertSign, and cRLSign where it signs its own CRL.',
  ),
  'no-crl-sign': finding(
    'warning',
    ['delegate', 'email', 'numbering-authority'],
    AUTHORITIES,
    'RFC 5280 section 4.2.1.3',
    'an authority may not sign CRLs',
    'Issue with keyCertSign and cRLSign, or have another authority sign its CRL.',
  ),
  'name-constraints-not-critical': finding(
    'warning',
    EVERY_PROFILE,
    AUTHORITIES,
    'RFC 5280 section 4.2.1.10',
    'nameConstraints is not critical',
    'Issue it critical; it binds here all the same, and other verifiers may overlook it.',
  ),
  'path-length-without-ca': finding(
    'warning',
    EVERY_PROFILE,
    END_ENTITY,
    'RFC 5280 section 4.2.1.9',
    'a path length in a certificate that is no authority',
    'Issue with empty basicConstraints.',
  ),
  'constraints-cannot-exclude': finding(
    'warning',
    BOUND,
    END_ENTITY,
    'RFC 9118 section 4',
    'claim constraints of the RFC 8226 form, which cannot exclude the claims of calls',
    'Issue with EnhancedJWTClaimConstraints that exclude attest, origid, rcd, div and opt.',
  ),
  'constraints-contradict': finding(
    'warning',
    EVERY_PROFILE,
    END_ENTITY,
    'RFC 9118 section 8',
    'a claim must be included and must be excluded, so nothing can be signed',
    'Issue again with constraints that a PASSporT can meet.',
  ),
  'unusable-domain': finding(
    'warning',
    ['email'],
    END_ENTITY,
    'RFC 5280 section 4.2.1.6',
    'a dNSName that is no domain in lower case and A-labels',
    'Issue with the exact mail domain; this name proves nothing.',
  ),
  'mailbox-case': finding(
    'notice',
    ['email'],
    END_ENTITY,
    'RFC 5280 section 4.2.1.6',
    'an rfc822Name with capital letters',
    'Nothing here, where it is compared in lower case; issue in lower case for others.',
  ),
} as const satisfies Record<string, OffProfileRow>;
