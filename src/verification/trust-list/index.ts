export { MAX_TRUST_LIST_OCTETS, openTrustList, type SignedForm } from './form.js';
export { ROLLED_BACK, SEQUENCE_REUSED, readTrustList, type TrustList, type TrustListFloor, type TrustListInput } from './trust-list.js';
