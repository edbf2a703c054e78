export {
  EVERY_PROFILE,
  type FindingProfile,
  type FindingRow,
  type FindingSeverity,
  type OffProfileRow,
  type RemarkRow,
  type Role,
} from './finding-row.js';
export { FINDINGS, OFF_PROFILE, isFinding, isOffProfile, type FindingCode, type OffProfile } from './findings.js';
export type { Family, ReasonRow } from './reason-row.js';
export { REASONS, isReason, problemType, type Reason } from './reasons.js';
export { Refusal, Unavailable, refuse } from './refusal.js';
