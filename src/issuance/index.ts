export {
  authorityOf,
  certifyCa,
  issueCa,
  issueRoot,
  type Authority,
  type CaContent,
  type IssuingSources,
  type Terms,
} from './authority.js';
export { newSerial, signCertificate, type CertificateTemplate } from './certificate.js';
export { issueEndEntity, pathOf, type EndEntityContent } from './end-entity.js';
export {
  authorityKeyIdentifier,
  basicConstraints,
  certificateIssuer,
  certificatePolicies,
  crlDistributionPoint,
  crlNumber,
  enhancedClaimConstraints,
  extendedKeyUsage,
  issuingDistributionPoint,
  keyIdentifier,
  keyUsage,
  permittedMailboxes,
  subjectAltName,
  subjectKeyIdentifier,
  tnAuthList,
  type AlternativeName,
  type Binding,
  type CrlPoint,
  type Extension,
  type KeyUsage,
} from './extensions.js';
export { newKeyPair, spkiFingerprint, type Curve, type KeyPair } from './keys.js';
export { OID } from './object-identifiers.js';
export {
  REVOCATION_REASONS,
  issueRevocationList,
  type RevocationListTemplate,
  type RevocationReason,
  type RevokedEntry,
} from './revocation-list.js';
export { signStructure, signatureScheme, signedPart } from './signed-structure.js';
export { subjectName, type SubjectAttributes } from './subject-name.js';
export { createRequest, verifyRequest, type CertificateRequest } from './certificate-request.js';
export { numberEntries, type NumberRange } from './numbers.js';
export { checkMailbox, checkScope, checkTimes } from './scope.js';
export { AUTHORITIES, APPLICATIONS, AUDIENCE, MAIL, PROVIDERS, STAFF } from './development-plan.js';
export {
  CREDENTIAL_LIFETIME,
  CRL_LIFETIME,
  DevelopmentPki,
  type DelegateRequest,
  type DevelopmentState,
  type Variation,
} from './development.js';
export { type IssuedCredential } from './credential.js';
export { claimsOf, signStatement, type Statement } from './statement.js';
