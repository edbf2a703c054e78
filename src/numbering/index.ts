export { NumberingReader, parseNumberingCsv, type Read } from './csv.js';
export { parseInstant } from './instant.js';
export { documentsOfPlan, planOfDocuments } from './numbering-documents.js';
export { NumberingPlan, type Holder } from './numbering-plan.js';
export { NumberingTable, TableBuilder, buffersOf, type TableColumns } from './numbering-table.js';
export { changesBetween, type HeldChange } from './plan-changes.js';
export type { NumberingRow } from './row.js';
export { rowsOutside, scopesOf, silenceOf, type FeedScope, type Silence } from './scope.js';
