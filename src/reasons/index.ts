export { REASONS, isReason, problemType, type Family, type Reason, type ReasonRow } from './reasons.js';
export { Refusal, Unavailable, refuse } from './refusal.js';
