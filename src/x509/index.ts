export { Certificate, parseCertificate } from './certificate.js';
export { CertificateCache } from './certificate-cache.js';
export { DistinguishedName, readRdn, type NameAttribute } from './distinguished-name.js';
export { readExtension, type Extension } from './extension.js';
export {
  KEY_USAGE,
  readCrlDistributionPoints,
  locationsOf,
  readBasicConstraints,
  readDistributionPointName,
  readNamedBits,
  urlsOf,
  type AccessDescription,
  type BasicConstraints,
  type DistributionPoint,
  type DistributionPointName,
  type GeneralSubtree,
  type KeyUsage,
  type NameConstraints,
  type PolicyConstraints,
  type PolicyMapping,
} from './extension-values.js';
export { readGeneralName, readGeneralNames, type GeneralName, type GeneralNameKind } from './general-name.js';
export { permitsMail, type MailScope } from './mail-scope.js';
export { OID } from './oids.js';
export { PublicKey, type Curve } from './public-key.js';
export { readSignatureAlgorithm, signatureHolds, type Digest, type SignatureAlgorithm } from './signature-algorithm.js';
export { readTime } from './time.js';
export {
  checkClaimConstraints,
  constraintsFrom,
  encodeClaimConstraints,
  isBound,
  parseClaimConstraints,
  permittedValuesOf,
  type ClaimConstraints,
  type ConstraintsForm,
} from './claim-constraints.js';
export { checkEncompassing, encompasses } from './encompassing.js';
export { claimConstraintsOf, tnAuthListOf, tnListReferencesOf } from './stir-extensions.js';
export { MAX_ENTRIES_BY_REFERENCE, MAX_ENTRIES_INLINE, covers, encodeTnAuthList, numbersOf, parseTnAuthList } from './tn-auth-list.js';
export { isShakenSpc, type TnEntry } from './tn-entry.js';
export { RFC5280_RULES, SHAKEN_RULES, STIR_RULES, isAlgorithmKnown, isAlgorithmOf, isKeyAllowed, type PathRules } from './path-rules.js';
export { AUTHORITY_CHECKS, FORM_CHECKS } from './path-form.js';
export { checkAnchorIdentifiers, checkLink, checkLinks } from './path-links.js';
export { checkValidityAtIat, judgePath, parsePath, type JudgedPath, type PathInput } from './path.js';
export { ANY_POLICY_INPUTS, type PathPolicies, type PolicyInputs } from './policies.js';
export { parseCrl, parseCrlInSlices, type Crl } from './crl.js';
export type { Revocation, RevocationReason } from './crl-entry.js';
export type { IssuingDistributionPoint } from './crl-extensions.js';
export { findCrlSigner, successionOf, type Succession, type Vouchers } from './crl-succession.js';
export { CrlSet, type CrlSetInput } from './crl-set.js';
export { Listings, type Listed, type ListingsInput } from './listings.js';
export {
  judgeRevocation,
  readRevocation,
  type CertificateStatus,
  type CrlEvidence,
  type RevocationEvidence,
  type RevocationInput,
  type RevocationMode,
  type RevocationProblem,
} from './revocation.js';
export { certIdOf, type OcspCertId } from './ocsp-cert-id.js';
export { encodeOcspRequest, type OcspQuestion } from './ocsp-request.js';
export { parseOcspResponse, type OcspAnswer, type OcspResponse } from './ocsp-response.js';
export { isAboutNumbers, respondersOf, type OcspEvidence, type OcspInput } from './ocsp-status.js';
