import { JsonError, decodeBase64, parseStrictJson, type JsonObject } from '../encoding/index.js';
import type { Reason } from '../reasons/index.js';
import { inspectDer, inspectText, type Finding, type InspectOptions, type Inspection } from '../verification/inspection/index.js';
import { inspectNote } from './inspect-note.js';

const UNREADABLE: Inspection = {
  ok: false,
  kind: null,
  reason: 'malformed-request',
  tnAuthList: null,
  findings: [],
  facts: { problem: 'no text that is known' },
};

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** DER begins with 0x30, which is also the digit 0, and soon has octets that no text has. */
const textOf = (octets: Uint8Array): string | null => {
  const isPrintable = octets.every((octet) => octet >= 0x20 || octet === 0x0a || octet === 0x0d || octet === 0x09);
  if (!isPrintable || octets.length === 0) return null;
  try {
    return utf8.decode(octets);
  } catch {
    return null;
  }
};

/** Text, or octets that are text or DER. */
export const inspectAnything = (input: Uint8Array | string, options: InspectOptions = {}): Inspection => {
  const text = typeof input === 'string' ? input : textOf(input);
  if (text === null) return typeof input === 'string' ? UNREADABLE : inspectDer(input, options);
  return inspectNote(text) ?? inspectText(text, options) ?? UNREADABLE;
};

/** CONTRACT section 3: a finding has these four members, in lines and with --json alike. */
const findingIn = ({ code, severity, clause, detail }: Finding): object => ({ code, severity, clause, detail });

/** An inspection as JSON, `facts` besides. */
export const inspectionIn = (inspection: Inspection): object => ({ ...inspection, findings: inspection.findings.map(findingIn) });

const answer = (id: string | null, { ok, kind, reason, tnAuthList, findings }: Inspection): object => ({
  id,
  ok,
  kind,
  reason,
  tnAuthList,
  findings: findings.map(findingIn),
});

const broken = (id: string | null, reason: Reason): object => answer(id, { ...UNREADABLE, reason });

const asObject = (line: Uint8Array): JsonObject | null => {
  try {
    const value = parseStrictJson(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch (error) {
    if (error instanceof JsonError) return null;
    throw error;
  }
};

const has = (object: JsonObject, member: string): boolean => Object.hasOwn(object, member);

/**
 * One line of `inspect --ndjson` (CONTRACT section 3): `{"id","der"|"text"}`; null is a line over 1 MiB. Without `at` the time is left out, so the same
 * line gets the same answer for ever. Throws nothing.
 */
export const inspectLine = (line: Uint8Array | null, options: InspectOptions = {}): object => {
  if (line === null) return broken(null, 'too-large');
  const request = asObject(line);
  const id = request !== null && has(request, 'id') && typeof request['id'] === 'string' ? request['id'] : null;
  if (request === null || id === null || has(request, 'der') === has(request, 'text')) return broken(id, 'malformed-request');
  const { der, text } = request;
  if (typeof text === 'string') return answer(id, inspectAnything(text, options));
  const octets = typeof der === 'string' ? decodeBase64(der) : null;
  return octets === null ? broken(id, 'malformed-request') : answer(id, inspectDer(octets, options));
};
