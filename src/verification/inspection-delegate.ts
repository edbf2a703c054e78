import { KEY_USAGE, OID, claimConstraintsOf, isBound, type Certificate, type TnEntry } from '../x509/index.js';
import type { Findings } from './inspection-finding.js';

const RFC_9060 = 'RFC 9060 section 4';

const inspectCa = (certificate: Certificate, findings: Findings): void => {
  const usage = certificate.keyUsage?.bits ?? 0;
  if (!certificate.isCritical(OID.basicConstraints)) findings.reason('error', 'not-a-ca', 'basicConstraints not critical');
  if ((usage & KEY_USAGE.keyCertSign) === 0) findings.reason('error', 'not-a-ca', 'no keyCertSign');
  if ((usage & KEY_USAGE.cRLSign) === 0)
    findings.add('warning', 'no-crl-sign', 'RFC 5280 section 6.3.3', 'a CA that may not sign its own CRL');
  if (certificate.subjectKeyIdentifier === null) findings.reason('error', 'aki-mismatch', 'no subject key identifier');
  const { form } = certificate.publicKey;
  if (form.kind !== 'ec' || form.curve === 'P-521') findings.reason('error', 'unsupported-key', 'a CA key that is neither P-256 nor P-384');
  if (claimConstraintsOf(certificate) !== null) findings.reason('error', 'profile-violation', 'claim constraints in a CA certificate');
};

const inspectEndEntity = (certificate: Certificate, list: readonly TnEntry[] | null, findings: Findings): void => {
  const { form } = certificate.publicKey;
  if (form.kind !== 'ec' || form.curve !== 'P-256') findings.reason('error', 'unsupported-key', 'an end-entity key that is not P-256');
  if (!certificate.isCritical(OID.keyUsage) || certificate.keyUsage?.bits !== KEY_USAGE.digitalSignature)
    findings.reason('error', 'bad-key-usage', 'not critical digitalSignature alone');
  if (certificate.extKeyUsage !== null) findings.reason('warning', 'bad-eku', 'extended key usage, which policy must name');
  const bound = isBound(claimConstraintsOf(certificate));
  if (list?.some((entry) => !('spc' in entry)) === true && bound === null)
    findings.reason('error', 'profile-violation', 'numbers without claim constraints that bind them to one AP');
  const mailbox = certificate.subjectAltName?.some(({ kind }) => kind === 'rfc822Name') === true;
  if (list === null && !mailbox) findings.add('warning', 'tnauthlist-missing', RFC_9060, 'claim constraints without numbers or mailbox');
};

/** What `delegate` demands of one certificate by itself (RFC 9060, RFC 9118, profiles); how it fits its parent only a path can say. */
export const inspectDelegate = (certificate: Certificate, list: readonly TnEntry[] | null, findings: Findings): void => {
  if (certificate.basicConstraints?.ca === true) inspectCa(certificate, findings);
  else inspectEndEntity(certificate, list, findings);
  const livesLong = certificate.notAfter - certificate.notBefore > 24 * 3600;
  if (certificate.crlDistributionPoints === null && livesLong)
    findings.add('notice', 'no-distribution-point', 'RFC 8226 section 10', 'its status rests on a complete CRL of its issuer');
};
