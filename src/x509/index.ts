export { MAX_ENTRIES_BY_REFERENCE, MAX_ENTRIES_INLINE, covers, encodeTnAuthList, numbersOf, parseTnAuthList } from './tn-auth-list.js';
export { isShakenSpc, type TnEntry } from './tn-entry.js';
export {
  ENHANCED_JWT_CLAIM_CONSTRAINTS,
  JWT_CLAIM_CONSTRAINTS,
  checkClaimConstraints,
  claimConstraintsOf,
  encodeClaimConstraints,
  isBound,
  parseClaimConstraints,
  permittedValuesOf,
  type ClaimConstraints,
  type ConstraintsForm,
} from './claim-constraints.js';
export { checkEncompassing, encompasses } from './encompassing.js';
