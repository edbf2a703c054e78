import type { Role } from '../../reasons/index.js';
import {
  KEY_USAGE,
  OID,
  claimConstraintsOf,
  parseCertificate,
  tnAuthListOf,
  tnListReferencesOf,
  type Certificate,
  type ClaimConstraints,
  type TnEntry,
} from '../../x509/index.js';

/** A certificate with all that it says read. */
export interface Subject {
  readonly certificate: Certificate;
  /** By value; null also where it is by reference. */
  readonly list: readonly TnEntry[] | null;
  readonly byReference: boolean;
  readonly constraints: ClaimConstraints | null;
  readonly role: Role;
}

/** What it is meant to be, by itself; on a path the verifier goes by its place. */
const roleOf = ({ basicConstraints, keyUsage, isSelfIssued, subject }: Certificate): Role => {
  const uses = keyUsage?.bits ?? 0;
  const signsCertificates = (uses & KEY_USAGE.keyCertSign) !== 0 && (uses & KEY_USAGE.digitalSignature) === 0;
  const isRoot = (isSelfIssued && !subject.isEmpty) || /\broot\b/i.test(subject.commonName ?? '');
  if (basicConstraints?.ca === true || signsCertificates) return isRoot ? 'root' : 'intermediate';
  return 'end-entity';
};

/**
 * Every extension that is read, read for its form.
 * @throws Refusal `malformed-cert`, `duplicate-extension`, `malformed-tnauthlist`, `range-overflow`, `malformed-claim-constraints`
 */
export const readSubject = (der: Uint8Array): Subject => subjectOf(parseCertificate(der));

/** `readSubject` of a certificate that was parsed: its key is imported once. @throws Refusal as `readSubject`, but `malformed-cert` of the whole */
export const subjectOf = (certificate: Certificate): Subject => {
  void [
    certificate.basicConstraints,
    certificate.keyUsage,
    certificate.subjectKeyIdentifier,
    certificate.authorityKeyIdentifier,
    certificate.subjectAltName,
    certificate.issuerAltName,
    certificate.nameConstraints,
    certificate.certificatePolicies,
    certificate.policyMappings,
    certificate.policyConstraints,
    certificate.inhibitAnyPolicy,
    certificate.extKeyUsage,
    certificate.crlDistributionPoints,
    certificate.authorityInfoAccess,
  ];
  return {
    certificate,
    list: tnAuthListOf(certificate),
    byReference: tnListReferencesOf(certificate).length > 0,
    constraints: claimConstraintsOf(certificate),
    role: roleOf(certificate),
  };
};

/** A place in the hierarchy that a self-signed certificate may have; others have a parent. */
export const isAuthority = ({ role }: Subject): boolean => role !== 'end-entity';

export const hasMailName = ({ certificate: { subjectAltName } }: Subject): boolean =>
  subjectAltName?.some(({ kind }) => kind === 'rfc822Name' || kind === 'smtpUTF8Mailbox') === true;

export const hasDomainName = ({ certificate: { subjectAltName } }: Subject): boolean =>
  subjectAltName?.some(({ kind }) => kind === 'dNSName') === true;

export const isForTls = ({ certificate: { extKeyUsage } }: Subject): boolean => extKeyUsage !== null;

export const constrainsMail = ({ certificate: { nameConstraints } }: Subject): boolean =>
  nameConstraints?.permitted.some(({ base }) => base.kind === 'rfc822Name') === true;

const SHAKEN_POLICIES = '2.16.840.1.114569.1.1.';

/** By name or policy. */
export const saysShaken = ({ certificate: { subject, issuer, certificatePolicies } }: Subject): boolean =>
  [subject.commonName, issuer.commonName].some((name) => name !== null && /\bshaken\b/i.test(name)) ||
  certificatePolicies?.some((oid) => oid.startsWith(SHAKEN_POLICIES)) === true;

export const isListed = ({ certificate: { extensions }, byReference }: Subject): boolean => extensions.has(OID.tnAuthList) || byReference;
