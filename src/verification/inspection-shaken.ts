import { KEY_USAGE, OID, isShakenSpc, type Certificate, type TnEntry } from '../x509/index.js';
import { SHAKEN_CLAUSE, type Findings } from './inspection-finding.js';
import { inspectSubjects } from './inspection-shaken-names.js';

/** The SHAKEN certificate policies 1.1 to 1.4. */
const POLICIES = [1, 2, 3, 4].map((version) => `2.16.840.1.114569.1.1.${version}`);

/** ATIS-1000080 (v005): MUST NOT include extensions that are not specified. */
const SPECIFIED: ReadonlySet<string> = new Set([
  OID.basicConstraints,
  OID.keyUsage,
  OID.subjectKeyIdentifier,
  OID.authorityKeyIdentifier,
  OID.crlDistributionPoints,
  OID.certificatePolicies,
  OID.tnAuthList,
]);

type Role = 'root' | 'intermediate' | 'end-entity';

const roleOf = (certificate: Certificate): Role => {
  const { basicConstraints, keyUsage, isSelfIssued, subject } = certificate;
  const signsCertificates = ((keyUsage?.bits ?? 0) & KEY_USAGE.keyCertSign) !== 0;
  if (isSelfIssued || /\broot\b/i.test(subject.commonName ?? '')) return 'root';
  return basicConstraints?.ca === true || signsCertificates ? 'intermediate' : 'end-entity';
};

const inspectKeys = (certificate: Certificate, role: Role, findings: Findings): void => {
  const { form } = certificate.publicKey;
  if (form.kind !== 'ec' || form.curve === 'P-521') findings.reason('error', 'unsupported-key', 'neither P-256 nor P-384');
  else if (form.curve === 'P-384' && role === 'end-entity')
    findings.reason('error', 'unsupported-key', 'an end-entity key that is not P-256');
  else if (form.curve === 'P-384') findings.add('notice', 'ca-key-p384', SHAKEN_CLAUSE, 'allowed from certificate policy 1.4 on');
  const identifier = certificate.subjectKeyIdentifier;
  if (identifier === null) findings.reason(role === 'end-entity' ? 'warning' : 'error', 'aki-mismatch', 'no subject key identifier');
  else if (identifier.length !== 20)
    findings.add('warning', 'key-identifier-length', SHAKEN_CLAUSE, 'a subject key identifier that is not 20 octets');
  const authority = certificate.authorityKeyIdentifier;
  if (role === 'root' && authority !== null && identifier !== null && Buffer.compare(authority, identifier) !== 0)
    findings.reason('error', 'aki-mismatch', 'a root that names another authority');
  if (role === 'root' && !certificate.extensions.has(OID.authorityKeyIdentifier))
    findings.add('notice', 'no-authority-key-identifier', SHAKEN_CLAUSE, 'optional in a root');
};

const inspectBasicConstraints = (certificate: Certificate, role: Role, findings: Findings): void => {
  const constraints = certificate.basicConstraints;
  if (role === 'end-entity') {
    if (constraints === null) findings.add('warning', 'basic-constraints', SHAKEN_CLAUSE, 'no basicConstraints');
  } else if (constraints?.ca !== true) findings.reason('error', 'not-a-ca', 'cA is not TRUE');
  if (constraints !== null && !certificate.isCritical(OID.basicConstraints)) {
    if (role === 'end-entity') findings.add('warning', 'basic-constraints', SHAKEN_CLAUSE, 'basicConstraints not critical');
    else findings.reason('error', 'not-a-ca', 'basicConstraints not critical');
  }
};

const inspectKeyUsage = (certificate: Certificate, role: Role, findings: Findings): void => {
  const bits = certificate.keyUsage?.bits ?? 0;
  if (role === 'end-entity') {
    if (bits !== KEY_USAGE.digitalSignature) findings.reason('error', 'bad-key-usage', 'not digitalSignature alone');
    else if (!certificate.isCritical(OID.keyUsage)) findings.reason('error', 'bad-key-usage', 'keyUsage not critical');
    return;
  }
  if ((bits & KEY_USAGE.keyCertSign) === 0) findings.reason('error', 'not-a-ca', 'no keyCertSign');
  if (certificate.keyUsage !== null && !certificate.isCritical(OID.keyUsage))
    findings.reason('warning', 'bad-key-usage', 'keyUsage not critical');
  const besides = bits & ~KEY_USAGE.keyCertSign;
  if ((besides & ~(KEY_USAGE.cRLSign | KEY_USAGE.digitalSignature)) !== 0)
    findings.reason('warning', 'bad-key-usage', 'a use that no version of the profile has for a CA');
  else if (besides !== 0) findings.add('notice', 'ca-key-usage', SHAKEN_CLAUSE, 'uses besides keyCertSign, which v005 no longer has');
};

const inspectPolicies = (certificate: Certificate, role: Role, findings: Findings): void => {
  const policies = certificate.certificatePolicies;
  if (role === 'root') {
    if (policies !== null) findings.reason('warning', 'bad-policy', 'certificatePolicies in a root');
    return;
  }
  if (policies === null) findings.reason('error', 'bad-policy', 'no certificatePolicies');
  else if (policies.length !== 1) findings.reason('error', 'bad-policy', 'not exactly one policy');
  else if (!policies.every((oid) => POLICIES.includes(oid))) findings.reason('error', 'bad-policy', 'not a SHAKEN certificate policy');
  if (certificate.isCritical(OID.certificatePolicies))
    findings.add('warning', 'policies-critical', SHAKEN_CLAUSE, 'certificatePolicies marked critical; it is processed');
};

const isHttp = (uri: string): boolean => /^https?:\/\/[^/]/i.test(uri);

const inspectDistributionPoints = (certificate: Certificate, role: Role, findings: Findings): void => {
  const points = certificate.crlDistributionPoints;
  const add = (detail: string): void => findings.add('warning', 'crl-distribution-point', SHAKEN_CLAUSE, detail);
  if (role === 'root') {
    if (points !== null) add('a distribution point in a root');
    return;
  }
  if (points === null) return findings.reason('error', 'no-status-source', 'no CRL distribution point');
  if (points.length > 1) add('more than one distribution point');
  const [point] = points;
  const uris = point?.name?.fullName?.flatMap((name) => (name.kind === 'uniformResourceIdentifier' ? [name.text] : [])) ?? [];
  if (uris.length !== 1 || !uris.every(isHttp)) add('not one HTTP URL');
  if (point?.crlIssuer === null)
    findings.add('notice', 'no-crl-issuer', SHAKEN_CLAUSE, 'the distribution point names no CRL issuer (v005)');
  return undefined;
};

const inspectList = (list: readonly TnEntry[] | null, role: Role, findings: Findings): void => {
  if (role !== 'end-entity') {
    if (list !== null) findings.reason('error', 'profile-violation', 'a TNAuthList in a CA certificate');
    return;
  }
  if (list === null) return findings.reason('error', 'tnauthlist-missing', 'no TNAuthList');
  const [only, ...more] = list;
  if (only === undefined || more.length > 0 || !('spc' in only))
    return findings.reason('error', 'profile-violation', 'not exactly one SPC');
  if (!isShakenSpc(only.spc)) findings.reason('error', 'malformed-tnauthlist', 'an SPC that is not digits and upper-case letters');
  return undefined;
};

const inspectExtensions = (certificate: Certificate, findings: Findings): void => {
  for (const { oid, critical } of certificate.extensions.values()) {
    if (SPECIFIED.has(oid)) continue;
    if (oid === OID.extKeyUsage) findings.reason('error', 'bad-eku', 'SHAKEN has no extended key usage');
    else findings.add('warning', 'unexpected-extension', SHAKEN_CLAUSE, `extension ${oid}${critical ? ', critical' : ''}`);
  }
};

/** The table of ATIS-1000080 section 6.4.1 for one certificate by itself, in the role that it seems to have. */
export const inspectShaken = (certificate: Certificate, list: readonly TnEntry[] | null, findings: Findings): void => {
  const role = roleOf(certificate);
  inspectKeys(certificate, role, findings);
  inspectBasicConstraints(certificate, role, findings);
  inspectKeyUsage(certificate, role, findings);
  inspectPolicies(certificate, role, findings);
  inspectDistributionPoints(certificate, role, findings);
  inspectList(list, role, findings);
  inspectExtensions(certificate, findings);
  inspectSubjects(certificate, list, role, findings);
};
