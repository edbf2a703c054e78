import { Refusal, refuse } from '../reasons/index.js';
import type { Certificate } from './certificate.js';
import { KEY_USAGE } from './extension-values.js';
import { isPreferredName } from './host-name.js';
import { OID } from './oids.js';
import type { PathRules } from './path-rules.js';

/** Extensions that are processed when critical: here, by the revocation check, or by the rules of the profile. */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  OID.basicConstraints,
  OID.keyUsage,
  OID.subjectAltName,
  OID.issuerAltName,
  OID.nameConstraints,
  OID.crlDistributionPoints,
  OID.certificatePolicies,
  OID.policyMappings,
  OID.policyConstraints,
  OID.inhibitAnyPolicy,
  OID.extKeyUsage,
  OID.tnAuthList,
]);

/** Claim constraints mean something only where a PASSporT is judged. */
const UNDERSTOOD_BY_STIR: ReadonlySet<string> = new Set([OID.jwtClaimConstraints, OID.enhancedJwtClaimConstraints]);

/** Runs a check of one certificate; a refusal that blames none blames this one. */
export const blaming = <T>(position: number | null, check: () => T): T => {
  try {
    return check();
  } catch (error) {
    if (error instanceof Refusal && error.position === null) return refuse(error.reason, error.detail, position);
    throw error;
  }
};

type Place = 'end-entity' | 'CA';
type FormCheck = (certificate: Certificate, rules: PathRules, place: Place) => void;

/** RFC 6962 section 3.1. */
const checkPoison = (certificate: Certificate): void => {
  if (certificate.extensions.has(OID.precertificatePoison)) refuse('precertificate');
};

/** RFC 5280 section 4.2. */
const checkCritical: FormCheck = (certificate, rules) => {
  for (const { oid, critical } of certificate.extensions.values()) {
    if (critical && !UNDERSTOOD.has(oid) && !(rules.name === 'stir' && UNDERSTOOD_BY_STIR.has(oid))) refuse('unknown-critical-ext', oid);
  }
};

/** RFC 5280 sections 4.1.2.4, 4.1.2.6 and 4.2.1.6. */
const checkNames = (certificate: Certificate): void => {
  if (certificate.issuer.isEmpty) refuse('malformed-cert', 'issuer is empty');
  const names = certificate.subjectAltName;
  if (!certificate.subject.isEmpty) return;
  if (certificate.basicConstraints?.ca === true) refuse('malformed-cert', 'subject of a CA is empty');
  if (names === null || !certificate.isCritical(OID.subjectAltName))
    refuse('malformed-cert', 'neither subject nor critical subjectAltName');
};

const checkConstraints: FormCheck = (certificate, rules, place) => {
  const isCa = certificate.basicConstraints?.ca === true;
  // RFC 5280 section 4.2.1.10: only in a CA certificate, and critical.
  const critical = !rules.conforming || certificate.isCritical(OID.nameConstraints);
  if (certificate.nameConstraints !== null && !(isCa && critical)) refuse('name-constraints', 'not critical, or not in a CA');
  const keyUsage = certificate.keyUsage;
  // RFC 5280 section 4.2.1.9: without cA no keyCertSign. Where a CA must stand, what is wrong is that it is none. Section 4.2.1.3: at least one bit.
  const signsCertificates = keyUsage !== null && (keyUsage.bits & KEY_USAGE.keyCertSign) !== 0;
  if (place === 'end-entity' && signsCertificates && !isCa) refuse('bad-key-usage', 'keyCertSign without cA');
  if (keyUsage?.bits === 0) refuse('bad-key-usage', 'no bit');
};

/** RFC 5280 sections 4.2.1.11 and 4.2.1.14 (critical), and 4.2.1.6 (the preferred name syntax). */
const checkConformity: FormCheck = (certificate, { conforming }) => {
  if (!conforming) return;
  for (const oid of [OID.policyConstraints, OID.inhibitAnyPolicy]) {
    if (certificate.extensions.has(oid) && !certificate.isCritical(oid)) refuse('bad-policy', 'constraint not critical');
  }
  for (const name of certificate.subjectAltName ?? []) {
    if (name.kind === 'dNSName' && !isPreferredName(name.text)) refuse('malformed-cert', 'dNSName');
  }
};

/** Read for their form: one that another verifier could read differently spoils the certificate. */
const readRest = (certificate: Certificate): void => {
  void certificate.authorityKeyIdentifier;
  void certificate.subjectKeyIdentifier;
  void certificate.issuerAltName;
  void certificate.certificatePolicies;
  void certificate.policyMappings;
  void certificate.policyConstraints;
  void certificate.inhibitAnyPolicy;
  void certificate.extKeyUsage;
  void certificate.crlDistributionPoints;
  void certificate.authorityInfoAccess;
};

/** RFC 5280 sections 4.2.1.2, 4.2.1.3, 4.2.1.9 and 6.1.4 (k), (n): what makes an authority, each by itself. */
export const AUTHORITY_CHECKS: ReadonlyArray<(certificate: Certificate, rules: PathRules) => void> = [
  ({ basicConstraints }) => {
    if (basicConstraints?.ca !== true) refuse('not-a-ca', 'cA');
  },
  (certificate) => {
    if (certificate.extensions.get(OID.basicConstraints)?.critical === false) refuse('not-a-ca', 'basicConstraints not critical');
  },
  ({ keyUsage }, { keyUsageOptional }) => {
    const maySign = keyUsage === null ? keyUsageOptional : (keyUsage.bits & KEY_USAGE.keyCertSign) !== 0;
    if (!maySign) refuse('not-a-ca', 'keyCertSign');
  },
  ({ subjectKeyIdentifier }) => {
    if (subjectKeyIdentifier === null) refuse('aki-mismatch', 'subject key identifier');
  },
];

/** Each by itself, for who wants to know all that is wrong. */
export const FORM_CHECKS: readonly FormCheck[] = [checkPoison, checkCritical, checkNames, checkConstraints, checkConformity, readRest];

/**
 * What one certificate must be by itself, wherever it stands on a path: critical extensions understood, every extension that is read well-formed,
 * names where names must be.
 * @throws Refusal `precertificate`, `unknown-critical-ext`, `malformed-cert`, `name-constraints`, `bad-key-usage`, `bad-policy`
 */
export const checkForm: FormCheck = (certificate, rules, place) => {
  for (const check of FORM_CHECKS) check(certificate, rules, place);
};
