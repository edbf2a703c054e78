import { isMet, ratioOf, type Figure } from './bench-figure.js';

/** The figures as a table for people: one row each, the bar and the command that measures it again at its end. */
export const tableOf = (figures: readonly Figure[], command: (bench: string) => string): string => {
  const head = ['figure', 'measured', 'limit in the same run', 'ratio', 'bar', '', 'measured by'];
  const rows = figures.map((figure) => [
    figure.what,
    `${round(figure.value)} ${figure.unit}`,
    figure.limit === null ? '-' : `${round(figure.limit.value)} ${figure.unit}, ${figure.limit.what}`,
    ratioText(figure),
    barText(figure),
    metText(figure),
    command(figure.bench),
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
};

/** The same for programs. */
export const jsonOf = (figures: readonly Figure[], command: (bench: string) => string): unknown[] =>
  figures.map((figure) => ({ ...figure, ratio: ratioOf(figure), met: isMet(figure), command: command(figure.bench) }));

const round = (value: number): string => (value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3));

const ratioText = (figure: Figure): string => ratioOf(figure)?.toFixed(2) ?? '-';

const barText = ({ bar, unit }: Figure): string => {
  if (bar === null) return '-';
  return `${bar.sense} ${bar.of === 'ratio' ? `${bar.bound} of the limit` : `${round(bar.bound)} ${unit}`}`;
};

const metText = (figure: Figure): string => {
  const met = isMet(figure);
  return met === null ? '' : met ? 'met' : 'NOT MET';
};
