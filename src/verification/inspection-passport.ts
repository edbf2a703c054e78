import { decodeBase64, type JsonObject, type JsonValue } from '../encoding/index.js';
import { checkClaims, checkHeader, parseCompact, type CompactPassport } from '../passport/index.js';
import { Refusal } from '../reasons/index.js';
import { inspectCertificate } from './inspection-certificate.js';
import { Findings, malformed, type Inspection } from './inspection-finding.js';

const LEAF: readonly JsonValue[] = [];

const noteRefusal = (findings: Findings, check: () => unknown): void => {
  try {
    check();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    findings.reason('error', error.reason, error.detail ?? 'PASSporT');
  }
};

/** The end-entity of x5c, where there is one that can be read. */
const inspectLeaf = (header: JsonObject, at: number | null): Inspection | null => {
  const { x5c } = header;
  const [leaf] = Array.isArray(x5c) ? x5c : LEAF;
  const der = typeof leaf === 'string' ? decodeBase64(leaf) : null;
  return der === null ? null : inspectCertificate(der, at);
};

const factsOf = ({ header, payload, signature }: CompactPassport): Record<string, JsonValue> => {
  const { x5c, ...members } = header.members;
  return { header: members, certificates: Array.isArray(x5c) ? x5c.length : 0, payload, signatureOctets: signature.length };
};

/**
 * A compact PASSporT. Malformed is what is not three canonical parts; what the profile `mimi` forbids is a finding, so a PASSporT for calls is well-formed.
 * Its signature is not verified. `at` in ms, or null to leave the time out.
 */
export const inspectPassport = (text: string, at: number | null): Inspection => {
  let compact: CompactPassport;
  try {
    compact = parseCompact(text);
  } catch (error) {
    if (error instanceof Refusal) return malformed('passport', error.reason);
    throw error;
  }
  const findings = new Findings();
  noteRefusal(findings, () => checkHeader(compact.header.members));
  noteRefusal(findings, () => checkClaims(compact.payload));
  if (compact.signature.length !== 64) findings.reason('error', 'bad-signature', 'not 64 octets');
  const leaf = inspectLeaf(compact.header.members, at);
  if (leaf?.ok === false && leaf.reason !== null) findings.reason('error', leaf.reason, 'the end-entity certificate in x5c');
  for (const { code, severity, clause, detail } of leaf?.findings ?? []) findings.add(severity, code, clause, `end-entity: ${detail}`);
  const tnAuthList = leaf?.tnAuthList ?? null;
  return { ok: true, kind: 'passport', reason: null, tnAuthList, findings: findings.list, facts: factsOf(compact) };
};
