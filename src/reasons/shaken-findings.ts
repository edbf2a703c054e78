import { AUTHORITIES, BELOW_ROOT, END_ENTITY, EVERY_ROLE, type FindingSeverity, type OffProfileRow, type Role } from './finding-row.js';

const ATIS = 'ATIS-1000080 section 6.4.1';

const shaken = (
  severity: FindingSeverity,
  roles: readonly Role[],
  title: string,
  advice: string,
  clause: string = ATIS,
): OffProfileRow => ({ grade: 'off-profile', severity, profiles: ['shaken'], roles, clause, title, advice });

/** The tables of ATIS-1000080 for root, intermediate and end-entity, as far as breaking them is not unsafe. */
export const SHAKEN_FINDINGS = {
  'signature-sha384': shaken(
    'notice',
    EVERY_ROLE,
    'the certificate is signed with SHA-384',
    'Nothing, where the certificate policy is 1.4 or later; else sign with SHA-256.',
  ),
  'p384-authority': shaken(
    'notice',
    AUTHORITIES,
    'the authority has a P-384 key',
    'Nothing, where the certificate policy is 1.4 or later; else use P-256.',
  ),
  'null-signature-parameters': shaken(
    'warning',
    EVERY_ROLE,
    'the ECDSA algorithm identifier has NULL parameters',
    'Issue it again with the parameters left out; other verifiers refuse it.',
    'RFC 5758 section 3.2',
  ),
  'subject-country': shaken(
    'warning',
    EVERY_ROLE,
    'the subject has not exactly one country of two capital letters',
    'Issue with one C attribute, an ISO 3166 alpha-2 code.',
  ),
  'subject-organization': shaken(
    'warning',
    EVERY_ROLE,
    'the subject has not exactly one organization',
    'Issue with one O attribute, the legal name.',
  ),
  'subject-common-name': shaken(
    'warning',
    EVERY_ROLE,
    'the subject has not exactly one common name, or it lacks SHAKEN, or a root lacks ROOT',
    'Issue with the common name "SHAKEN" and the SPC; an authority with SHAKEN, a root with SHAKEN and ROOT in it.',
  ),
  'subject-attribute': shaken(
    'warning',
    EVERY_ROLE,
    'the subject has an attribute that the profile does not have, or serialNumber twice',
    'Issue with C, O, CN and at most one serialNumber.',
  ),
  'subject-serial-number': shaken(
    'notice',
    END_ENTITY,
    'the subject has no serialNumber attribute',
    'Nothing under certificate policy 1.4, where it is optional; before, issue with one.',
    'US SHAKEN CP v1.3 section 3.1',
  ),
  'common-name-form': shaken(
    'notice',
    END_ENTITY,
    'the common name is not "SHAKEN", one space, the SPC and nothing else',
    'Issue with exactly that name, so that nobody can read two providers in it.',
  ),
  'issuer-country': shaken(
    'warning',
    BELOW_ROOT,
    'the issuer has not exactly one country of two capital letters',
    'The authority above must be named by the profile first.',
  ),
  'issuer-organization': shaken(
    'warning',
    BELOW_ROOT,
    'the issuer has not exactly one organization',
    'The authority above must be named by the profile first.',
  ),
  'issuer-common-name': shaken(
    'warning',
    BELOW_ROOT,
    'the issuer has not exactly one common name, or it lacks SHAKEN',
    'The authority above must be named by the profile first.',
  ),
  'spc-length': shaken(
    'notice',
    END_ENTITY,
    'the SPC has not four characters, as company codes have',
    'Compare it with the code that the provider was assigned; numbering data must spell it the same.',
    'ATIS-0300251',
  ),
  'no-basic-constraints': shaken(
    'warning',
    END_ENTITY,
    'the end-entity has no basicConstraints',
    'Issue with critical basicConstraints, cA FALSE.',
  ),
  'basic-constraints-not-critical': shaken(
    'warning',
    END_ENTITY,
    'basicConstraints is not critical',
    'Issue with critical basicConstraints, cA FALSE.',
  ),
  'ca-key-usage-v005': shaken(
    'notice',
    AUTHORITIES,
    'the authority may sign more than certificates, which v005 of the profile no longer has',
    'Nothing before v005; after it issue with keyCertSign alone, and let the STI-PA sign the CRL.',
  ),
  'no-subject-key-identifier': shaken(
    'warning',
    END_ENTITY,
    'the end-entity has no subject key identifier',
    'Issue with one of 20 octets.',
  ),
  'key-identifier-length': shaken(
    'warning',
    EVERY_ROLE,
    'the subject key identifier has not 20 octets',
    'Issue with the SHA-1 of the key, RFC 5280 section 4.2.1.2 (1).',
  ),
  'no-distribution-point': shaken(
    'warning',
    BELOW_ROOT,
    'no CRL distribution point',
    'Issue with the URL of the STI-PA CRL; until then its status rests on a complete CRL of its issuer.',
  ),
  'several-distribution-points': shaken('warning', BELOW_ROOT, 'more than one CRL distribution point', 'Issue with one, the STI-PA CRL.'),
  'distribution-point-form': shaken(
    'warning',
    BELOW_ROOT,
    'a CRL distribution point is not one HTTP URL for all reasons',
    'Issue with the URL of the STI-PA CRL, without reasons.',
  ),
  'no-crl-issuer': shaken(
    'notice',
    BELOW_ROOT,
    'the CRL distribution point names no CRL issuer, which v004 and later demand',
    "Issue with cRLIssuer, the STI-PA's name; until then an anchor for CRLs must vouch for the CRL's signer.",
  ),
  'root-distribution-point': shaken(
    'warning',
    ['root'],
    'a root has a CRL distribution point',
    'Nothing: an anchor is taken out of the trust list, not revoked.',
  ),
  'root-policies': shaken('warning', ['root'], 'a root has certificate policies', 'Nothing: they bind what is below it.'),
  'ca-several-policies': shaken(
    'warning',
    ['intermediate'],
    'the authority issues under more than one policy',
    'Issue with one SHAKEN certificate policy.',
  ),
  'policies-critical': shaken(
    'warning',
    BELOW_ROOT,
    'certificatePolicies is critical',
    'Issue it non-critical; it is processed all the same.',
  ),
  'unexpected-extension': shaken(
    'warning',
    EVERY_ROLE,
    'an extension that the profile does not have',
    'Issue without it. It is ignored here unless it is critical, and then the certificate is refused.',
  ),
} as const satisfies Record<string, OffProfileRow>;
