import type { JsonValue } from '../encoding/index.js';
import { REASONS } from '../reasons/index.js';
import type { Inspection } from '../verification/inspection.js';

/** Terminal control characters in names that strangers chose are shown, not sent. */
// oxlint-disable-next-line no-control-regex
const safe = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');

const factText = (value: JsonValue): string => (typeof value === 'string' ? value : JSON.stringify(value));

const factLines = (facts: Inspection['facts'], indent: string): string[] =>
  Object.entries(facts)
    .filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => `${indent}${name}: ${safe(factText(value))}`);

const MARK = { error: '✗', warning: '!', notice: '·' } as const;

/** One inspection in words. */
export const inspectionWords = (name: string, { ok, kind, reason, findings, facts }: Inspection): string => {
  const lines = [`${safe(name)}: ${kind ?? 'nothing known'}${ok ? '' : ', malformed'}`];
  if (reason !== null) lines.push(`  ✗ ${reason}: ${REASONS[reason].title} (${REASONS[reason].clause})`);
  lines.push(...factLines(facts, '  '));
  for (const { severity, code, clause, detail } of findings)
    lines.push(`  ${MARK[severity]} ${severity} ${code}: ${safe(detail)} (${clause})`);
  if (ok && findings.length === 0) lines.push('  nothing wrong found; no signature was verified');
  return `${lines.join('\n')}\n`;
};
