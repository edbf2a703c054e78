import type { JsonObject, JsonValue } from '../encoding/index.js';
import { REASONS, type Reason } from '../reasons/index.js';
import type { Finding, Inspection, Severity } from '../verification/inspection/index.js';

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

const LISTS: Readonly<Record<string, string>> = { certificates: 'certificate', crls: 'CRL' };

const factLines = (facts: Inspection['facts'], indent: string): string[] =>
  Object.entries(facts).flatMap(([name, value]) => {
    if (isEmpty(value)) return [];
    const one = LISTS[name];
    if (one === undefined || !Array.isArray(value)) return [`${indent}${name}: ${safe(flat(value))}`];
    return value.flatMap((part, i) => (isObject(part) ? [`${indent}${one} ${i}`, ...factLines(part, `${indent}  `)] : []));
  });

const GROUPS: ReadonlyArray<readonly [Severity, string, string]> = [
  ['error', '\u2717', 'refused by a verifier'],
  ['warning', '!', 'against the profile; accepted and recorded, unless policy raises it'],
  ['notice', '\u00b7', 'worth knowing'],
];

const findingLines = ({ code, clause, detail, advice }: Finding, mark: string): string[] => [
  `    ${mark} ${code}: ${safe(detail)} (${clause})`,
  `      ${advice}`,
];

/** By severity, with what to do. */
const groupLines = (findings: readonly Finding[]): string[] =>
  GROUPS.flatMap(([severity, mark, meaning]) => {
    const group = findings.filter((finding) => finding.severity === severity);
    if (group.length === 0) return [];
    const count = `${group.length} ${severity}${group.length === 1 ? '' : 's'}`;
    return [`  ${count}: ${meaning}`, ...group.flatMap((finding) => findingLines(finding, mark))];
  });

const NOT_ASKED = 'whether anybody trusts it, and its status, were not asked';

const GIVE =
  'Give PEM or DER of a certificate, CRL, request or TNAuthList, or the text of a PASSporT, trust list, receipt, checkpoint or proof.';

const problemLines = (reason: Reason, problem: JsonValue): string[] => {
  // The row of this reason speaks of requests over HTTP.
  if (reason === 'malformed-request' && typeof problem === 'string') return [`  \u2717 ${reason}: ${safe(problem)}`, `    ${GIVE}`];
  const { title, clause, advice } = REASONS[reason];
  const what = typeof problem === 'string' ? `: ${safe(problem)}` : '';
  return [`  \u2717 ${reason}: ${title}${what} (${clause})`, `    ${advice}`];
};

/** One inspection in words. */
export const inspectionWords = (name: string, { ok, kind, reason, findings, facts }: Inspection): string => {
  const lines = [`${safe(name)}: ${kind ?? 'nothing known'}${ok ? '' : ', malformed'}`];
  const { problem = null, ...others } = facts;
  if (reason !== null) lines.push(...problemLines(reason, problem));
  lines.push(...factLines(others, '  '), ...groupLines(findings));
  if (ok && findings.length === 0) lines.push(`  nothing wrong found; ${NOT_ASKED}`);
  return `${lines.join('\n')}\n`;
};
