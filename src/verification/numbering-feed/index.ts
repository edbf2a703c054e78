export {
  MAX_STATEMENT_OCTETS,
  STATEMENT_TYP,
  readNumberingStatement,
  type NumberingStatement,
  type StatementFloor,
  type StatementInput,
} from './statement.js';
