export { parseBulkOrders, type BulkOrder, type ParsedOrders } from './bulk-rows.js';
export {
  authorityOf,
  caTemplate,
  certifyCa,
  issueCa,
  issueRoot,
  type Authority,
  type CaContent,
  type Issuer,
  type IssuingSources,
  type Terms,
} from './authority.js';
export { newSerial, signCertificate, signCertificateThrough, type CertificateTemplate } from './certificate.js';
export { endEntityTemplate, issueEndEntity, pathOf, type EndEntityContent } from './end-entity.js';
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
export { newEncodedKeyPairs, newKeyPair, spkiFingerprint, type Curve, type EncodedKeyPair, type KeyPair } from './keys.js';
export { OID } from './object-identifiers.js';
export {
  REVOCATION_REASONS,
  issueRevocationList,
  issueRevocationListThrough,
  type RevocationListTemplate,
  type RevocationReason,
  type RevokedEntry,
} from './revocation-list.js';
export { keySigner, signStructure, signStructureThrough, signThrough, signatureScheme, signedPart } from './signed-structure.js';
export { subjectName, type SubjectAttributes } from './subject-name.js';
export { createRequest, verifyRequest, type CertificateRequest } from './certificate-request.js';
export {
  holdsNumbers,
  mergedRanges,
  numberEntries,
  parseRange,
  rangeText,
  rangesOf,
  shareNumbers,
  withoutNumbers,
  type NumberRange,
} from './numbers.js';
export { bequestOf, type Bequest } from './bequest.js';
export { checkGranted, type Grant, type Wanted } from './grants.js';
export { checkHeld, checkMailbox, checkScope, checkTimes, type Holding } from './scope.js';
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
export { claimsOf, signStatement, signStatementThrough, type Statement } from './statement.js';
export { crlPath, publicationsOf, x5uPath, type Publication, type Publishable } from './publication.js';
