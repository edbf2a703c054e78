import { isSpc } from '../identifiers/index.js';
import { parseInstant } from './instant.js';

/** A block of numbers that one provider answers for: `count` numbers of the length of `start`, from `start` on. */
export interface NumberingRow {
  readonly spc: string;
  /** Digits, country code first. */
  readonly start: string;
  readonly count: number;
  /** Milliseconds; null = since ever. */
  readonly validFrom: number | null;
}

/** ITU-T E.164: at most 15 digits. */
const START = /^[1-9][0-9]{0,14}$/;
const HEADER = 'spc,start,count,validFrom';

export type ParsedRows =
  { readonly ok: true; readonly value: readonly NumberingRow[] } | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Reads `numbering.csv`: the header, then one row a line. Every problem is reported at once, by line.
 * A row that overflows its digits, and two providers over one number, are not problems of the file: they make those numbers unusable.
 */
export const parseNumberingCsv = (text: string): ParsedRows => {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  if (lines[0] !== HEADER) return { ok: false, problems: [`numbering.csv: line 1: the header must be ${HEADER}`] };
  const rows: NumberingRow[] = [];
  const problems: string[] = [];
  lines.slice(1).forEach((line, index) => {
    const row = parseLine(line);
    if (typeof row === 'string') problems.push(`numbering.csv: line ${index + 2}: ${row}`);
    else rows.push(row);
  });
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: rows };
};

const parseLine = (line: string): NumberingRow | string => {
  const fields = line.split(',');
  if (fields.length !== 4) return 'four fields are needed';
  const [spc = '', start = '', countText = '', from = ''] = fields;
  const count = /^[1-9][0-9]{0,15}$/.test(countText) ? Number(countText) : null;
  const validFrom = from === '' ? null : parseInstant(from);
  const problems = [
    isSpc(spc) ? '' : 'spc must be capital letters and digits',
    START.test(start) ? '' : 'start must be 1 to 15 digits, country code first',
    count === null ? 'count must be an integer of 1 or more' : '',
    from !== '' && validFrom === null ? 'validFrom must be empty or an ISO 8601 instant with an offset' : '',
  ].filter((problem) => problem !== '');
  return problems.length > 0 || count === null ? problems.join('; ') : { spc, start, count, validFrom };
};
