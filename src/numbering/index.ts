export { parseInstant } from './instant.js';
export { NumberingPlan, type Holder } from './numbering-plan.js';
export { parseNumberingCsv, type NumberingRow, type ParsedRows } from './row.js';
