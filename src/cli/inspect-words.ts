import type { JsonObject, JsonValue } from '../encoding/index.js';
import { REASONS } from '../reasons/index.js';
import type { Inspection } from '../verification/inspection.js';

/** Terminal control characters in names that strangers chose are shown, not sent. */
const safe = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');

const isEmpty = (value: JsonValue): boolean => value === null || (Array.isArray(value) && value.length === 0);

const isObject = (value: JsonValue): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** An entry of a TNAuthList as people write it. */
const flat = (value: JsonValue): string => {
  if (Array.isArray(value)) return value.map(flat).join(', ');
  if (isObject(value))
    return Object.entries(value)
      .map(([name, part]) => `${name} ${flat(part)}`)
      .join(' ');
  return String(value);
};

const factLines = (facts: Inspection['facts'], indent: string): string[] =>
  Object.entries(facts).flatMap(([name, value]) => {
    if (isEmpty(value)) return [];
    const isList = name === 'certificates' && Array.isArray(value);
    if (!isList) return [`${indent}${name}: ${safe(flat(value))}`];
    return value.flatMap((part, i) => (isObject(part) ? [`${indent}certificate ${i}`, ...factLines(part, `${indent}  `)] : []));
  });

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
