/**
 * What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection): also in full width, and behind white space or control characters, which some
 * programs drop.
 */
const FORMULA = /^[\s\p{Cc}\p{Cf}]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/u;

/**
 * One cell of RFC 4180, always quoted. What might be a formula gets an apostrophe in front: a spreadsheet shows the text, a reader takes the apostrophe off.
 */
export const csvCell = (value: string | number | null): string => {
  const text = value === null ? '' : String(value);
  const safe = typeof value === 'string' && (FORMULA.test(text) || text.startsWith("'")) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
};

/** One record, with the line end that RFC 4180 asks for. */
export const csvRecord = (values: readonly (string | number | null)[]): string => `${values.map(csvCell).join(',')}\r\n`;
