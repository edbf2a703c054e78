export { MAX_ENTRIES_BY_REFERENCE, MAX_ENTRIES_INLINE, covers, encodeTnAuthList, numbersOf, parseTnAuthList } from './tn-auth-list.js';
export { isShakenSpc, type TnEntry } from './tn-entry.js';
