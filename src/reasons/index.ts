export type { Family, ReasonRow } from './reason-row.js';
export { REASONS, isReason, problemType, type Reason } from './reasons.js';
export { Refusal, Unavailable, refuse } from './refusal.js';
