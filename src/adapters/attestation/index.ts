export { MESSAGE_ID_HEADER, SIGNATURE_HEADER } from './code-message.js';
export { openProofs, type ProofPlace } from './proofs.js';
export { parseAttestation, type AttestationSettings } from './settings.js';
export { STATEMENT_TYPE } from './consent-statement.js';
