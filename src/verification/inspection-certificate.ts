import { Refusal } from '../reasons/index.js';
import { KEY_USAGE, OID, claimConstraintsOf, parseCertificate, tnAuthListOf, type Certificate, type TnEntry } from '../x509/index.js';
import { inspectDelegate } from './inspection-delegate.js';
import { certificateFacts } from './inspection-facts.js';
import { Findings, malformed, type Inspection } from './inspection-finding.js';
import { inspectShaken } from './inspection-shaken.js';

/** Every extension whose value this verifier reads, and so may be critical. */
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
  OID.jwtClaimConstraints,
  OID.enhancedJwtClaimConstraints,
]);

/** The typed extensions, read for their form. @throws Refusal `malformed-cert`, `malformed-tnauthlist`, `range-overflow`, `malformed-claim-constraints` */
const readAll = (certificate: Certificate): readonly TnEntry[] | null => {
  const list = tnAuthListOf(certificate);
  claimConstraintsOf(certificate);
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
  return list;
};

/** RFC 5280, whatever the profile. */
const inspectAlways = (certificate: Certificate, findings: Findings): void => {
  const isCa = certificate.basicConstraints?.ca === true;
  for (const { oid, critical } of certificate.extensions.values()) {
    if (oid === OID.precertificatePoison) findings.reason('error', 'precertificate', 'the poison extension of RFC 6962');
    else if (critical && !UNDERSTOOD.has(oid)) findings.reason('error', 'unknown-critical-ext', `extension ${oid}`);
  }
  if (certificate.isCritical(OID.tnAuthList)) findings.reason('error', 'tnauthlist-critical', 'TNAuthList');
  if (certificate.notAfter < certificate.notBefore)
    findings.add('error', 'validity-inverted', 'RFC 5280 section 4.1.2.5', 'notAfter before notBefore');
  if (certificate.serial.length < 8)
    findings.add('warning', 'short-serial', 'ATIS-1000080 section 6.4.1', 'a serial number of less than 64 bits');
  if (certificate.issuer.isEmpty) findings.reason('error', 'malformed-cert', 'the issuer is empty');
  if (certificate.keyUsage?.minimal === false)
    findings.add('warning', 'non-minimal-key-usage', 'X.690 section 11.2.2', 'keyUsage with trailing zero bits');
  if (!isCa && (certificate.keyUsage?.bits ?? 0) & KEY_USAGE.keyCertSign)
    findings.reason('error', 'bad-key-usage', 'keyCertSign without cA');
  if (certificate.authorityKeyIdentifier === null && !certificate.isSelfIssued)
    findings.reason('error', 'aki-mismatch', 'no authority key identifier');
  inspectAlgorithms(certificate, findings);
};

const inspectAlgorithms = ({ signatureAlgorithm, publicKey }: Certificate, findings: Findings): void => {
  const { known, oid } = signatureAlgorithm;
  if (known === null) {
    const parameters = oid.startsWith('1.2.840.10045.4.3.') && oid !== '1.2.840.10045.4.3.1';
    findings.reason('error', 'unsupported-cert-alg', parameters ? 'parameters where RFC 5758 section 3.2 has none' : `algorithm ${oid}`);
  } else if (known.scheme === 'rsa') findings.reason('error', 'unsupported-cert-alg', 'an RSA signature');
  else if (known.digest !== 'sha256')
    findings.add('notice', 'signature-digest', 'ATIS-1000080 section 6.4.1', `ECDSA with ${known.digest}`);
  if (publicKey.form.kind === 'ec') {
    try {
      void publicKey.keyObject;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      findings.reason('error', 'unsupported-key', 'the key is no point of its curve');
    }
  }
};

const SHAKEN_POLICIES = '2.16.840.1.114569.1.1.';

const saysShaken = (certificate: Certificate): boolean =>
  [certificate.subject.commonName, certificate.issuer.commonName].some((name) => name !== null && /\bshaken\b/i.test(name)) ||
  certificate.certificatePolicies?.some((oid) => oid.startsWith(SHAKEN_POLICIES)) === true;

/** What says SHAKEN, by name or policy, is held to it; any other list or constraint is a delegate's, or the NP's own above it. */
const inspectProfile = (certificate: Certificate, list: readonly TnEntry[] | null, findings: Findings): void => {
  const constrained = certificate.extensions.has(OID.jwtClaimConstraints) || certificate.extensions.has(OID.enhancedJwtClaimConstraints);
  if (saysShaken(certificate)) inspectShaken(certificate, list, findings);
  else if (list !== null || constrained) inspectDelegate(certificate, list, findings);
};

/** A parsed certificate's findings. `at` in ms: also whether it is valid then. */
export const certificateFindings = (certificate: Certificate, list: readonly TnEntry[] | null, at: number | null): Findings => {
  const findings = new Findings();
  inspectAlways(certificate, findings);
  inspectProfile(certificate, list, findings);
  if (at !== null && at > certificate.notAfter * 1000) findings.reason('notice', 'cert-expired', 'now');
  if (at !== null && at < certificate.notBefore * 1000) findings.reason('notice', 'cert-not-yet-valid', 'now');
  return findings;
};

/** `at` in ms since 1970, or null to leave the time out. Throws nothing for octets that are no certificate. */
export const inspectCertificate = (der: Uint8Array, at: number | null): Inspection => {
  let certificate: Certificate;
  let list: readonly TnEntry[] | null;
  try {
    certificate = parseCertificate(der);
    list = readAll(certificate);
  } catch (error) {
    if (error instanceof Refusal) return malformed('certificate', error.reason);
    throw error;
  }
  return {
    ok: true,
    kind: 'certificate',
    reason: null,
    tnAuthList: list,
    findings: certificateFindings(certificate, list, at).list,
    facts: certificateFacts(certificate, list),
  };
};
