export type { CredentialClass, CredentialOrigin } from './credential-class.js';
export { worstOf, type Fall } from './fall.js';
export type { Caches } from './generation.js';
export type { InspectedPassport } from './inspect-passport.js';
export type { VerifyInput } from './job.js';
export { MaterialDocuments } from './material-documents.js';
export type { AnchorMaterial, Material, MaterialDocument, Scope } from './material.js';
export {
  MAX_STATEMENT_OCTETS,
  STATEMENT_TYP,
  readNumberingStatement,
  type NumberingStatement,
  type StatementFloor,
} from './numbering-feed/index.js';
export { PassportLines, type LinePolicies, type PassportAnswer } from './passport-lines.js';
export { verifyPath, type PathAnswer } from './path-lines.js';
export { PIPELINE, SEQUENCER_STEPS } from './pipeline.js';
export type { ClassStanding } from './standing.js';
export type { Evidence, Step } from './step.js';
export {
  STEP_NAMES,
  TRUST_PROFILES,
  type Accepted,
  type Action,
  type JudgedUnder,
  type Needs,
  type OcspNeed,
  type NotAccepted,
  type PendingPort,
  type PortedNumber,
  type PortedRecord,
  type Signer,
  type SignerKind,
  type StepEvidence,
  type StepName,
  type TrustProfile,
  type VerifiedClaims,
  type VerifiedPassport,
  type Verdict,
  type Versions,
} from './verdict.js';
export {
  MAX_TRUST_LIST_OCTETS,
  ROLLED_BACK,
  SEQUENCE_REUSED,
  openTrustList,
  readTrustList,
  type SignedForm,
  type TrustList,
  type TrustListFloor,
  type TrustListInput,
} from './trust-list/index.js';
export { Verifier } from './verifier.js';
