import type { ListedCredential } from '../adapters/desk/index.js';
import { rangeText } from '../issuance/index.js';
import { instant } from './np-report.js';

const scopeOf = ({ numbers, mailbox }: ListedCredential): string =>
  mailbox ?? (numbers === null || numbers.length === 0 ? '-' : numbers.map(rangeText).join(','));

const rowOf = (one: ListedCredential): string[] => [
  one.serial,
  one.use,
  one.to ?? one.holder,
  scopeOf(one),
  one.revoked === null ? one.state : `revoked: ${one.revoked.reason}`,
  instant(one.notAfter),
  one.renewedBy === null ? '' : `renewed by ${one.renewedBy}`,
];

/** A row for each, in columns. */
export const credentialRows = (all: readonly ListedCredential[]): string => {
  const rows = [['serial', 'use', 'for', 'scope', 'state', 'good until', ''], ...all.map(rowOf)];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

export const credentialsJson = (all: readonly ListedCredential[]): unknown[] =>
  all.map((one) => ({
    ...one,
    numbers: one.numbers?.map(rangeText) ?? null,
    issuedAt: instant(one.issuedAt),
    notAfter: instant(one.notAfter),
    revoked: one.revoked === null ? null : { ...one.revoked, at: instant(one.revoked.at) },
  }));
