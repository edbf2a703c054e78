import { decodeBase64 } from '../encoding/index.js';
import { Refusal } from '../reasons/index.js';
import { verifyRequest } from './certificate-request.js';
import { mergedRanges, type NumberRange } from './numbers.js';

/** One credential to be: its numbers, and the key where it stays with its owner. */
export interface BulkOrder {
  readonly numbers: NumberRange;
  readonly spki: Buffer | null;
}

export type ParsedOrders =
  { readonly ok: true; readonly value: readonly BulkOrder[] } | { readonly ok: false; readonly problems: readonly string[] };

const HEADERS = ['number', 'start,count', 'number,csr', 'start,count,csr', 'number,spki', 'start,count,spki'];
/** A file with an error in each line is mended by what is wrong with the first. */
const MAX_PROBLEMS = 20;

const keyOf = (kind: string | undefined, text: string): Buffer | null => {
  if (text === '') return null;
  const der = decodeBase64(text);
  if (der === null) throw new Refusal('malformed-request', `${kind} is not base64`);
  return kind === 'csr' ? verifyRequest(der).spki : der;
};

const orderOf = (columns: readonly string[], line: string): BulkOrder => {
  const fields = line.split(',');
  if (fields.length !== columns.length) throw new Refusal('malformed-request', `${columns.length} fields are needed`);
  const field = (name: string): string => fields[columns.indexOf(name)] ?? '';
  const count = columns.includes('count') ? field('count') : '1';
  if (!/^[1-9][0-9]{0,14}$/.test(count)) throw new Refusal('malformed-request', 'count');
  const start = columns.includes('count') ? field('start') : field('number');
  const [numbers] = mergedRanges([{ start, count: Number(count) }]);
  if (numbers === undefined) throw new Refusal('malformed-request', 'numbers');
  const kind = columns.find((name) => name === 'csr' || name === 'spki');
  return { numbers, spki: kind === undefined ? null : keyOf(kind, field(kind)) };
};

const countOf = (ranges: readonly NumberRange[]): number => ranges.reduce((sum, { count }) => sum + count, 0);

/**
 * Reads the orders of a bulk delegation: a header (`number` or `start,count`, then perhaps `csr` or `spki`, base64 of DER), then one credential a line. Every
 * problem is told at once, by line; a number in two lines is one. Proves that a `csr`'s sender has its key; an `spki`'s is the operator's word.
 */
export const parseBulkOrders = (text: string): ParsedOrders => {
  const [header = '', ...lines] = text.replace(/\r?\n$/, '').split(/\r?\n/);
  if (!HEADERS.includes(header)) return { ok: false, problems: [`line 1: the header must be one of: ${HEADERS.join('; ')}`] };
  const orders: BulkOrder[] = [];
  const problems: string[] = [];
  lines.forEach((line, index) => {
    if (problems.length >= MAX_PROBLEMS) return;
    try {
      orders.push(orderOf(header.split(','), line));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      problems.push(`line ${index + 2}: ${error.message}`);
    }
  });
  const numbers = orders.map((order) => order.numbers);
  if (problems.length === 0 && countOf(mergedRanges(numbers)) !== countOf(numbers)) problems.push('two lines have a number in common');
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: orders };
};
