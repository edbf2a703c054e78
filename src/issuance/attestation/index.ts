export {
  AttestationDesk,
  type AttestationParts,
  type AttestationRequest,
  type AttestingDesk,
  type Begun,
  type Consented,
  type ProofName,
  type Registration,
} from './attestation-desk.js';
export { CODE } from './code.js';
export { ATTESTATION_LIMITS, PROOF_LIFETIME, limitsFor, type AttestationLimits } from './limits.js';
export { DEFAULT_MESSAGE, messageFault, messageOf } from './message.js';
export { type Attestation } from './pending-proofs.js';
export { Rate, type RateLimit } from './rate.js';
