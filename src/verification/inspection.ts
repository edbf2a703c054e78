import { decodeBase64, decodePem, type PemBlock } from '../encoding/index.js';
import { Refusal } from '../reasons/index.js';
import { parseCertificate, parseTnAuthList, type Certificate } from '../x509/index.js';
import { inspectCertificate } from './inspection-certificate.js';
import { inspectCrl } from './inspection-crl.js';
import { entryFacts } from './inspection-facts.js';
import { Findings, malformed, type Finding, type Inspection } from './inspection-finding.js';
import { kindOfDer } from './inspection-kind.js';
import { inspectPassport } from './inspection-passport.js';
import { inspectRequest } from './inspection-request.js';

export type { Finding, InspectedKind, Inspection, Severity } from './inspection-finding.js';

const inspectTnAuthList = (der: Uint8Array): Inspection => {
  try {
    const list = parseTnAuthList(der);
    return { ok: true, kind: 'tn-auth-list', reason: null, tnAuthList: list, findings: [], facts: { tnAuthList: entryFacts(list) } };
  } catch (error) {
    if (error instanceof Refusal) return malformed('tn-auth-list', error.reason);
    throw error;
  }
};

/**
 * Says what octets are and what is wrong about them: certificate, CRL, request or TNAuthList. Verifies nothing; throws nothing.
 * @param at ms since 1970, or null to leave the time out
 */
export const inspectDer = (der: Uint8Array, at: number | null = null): Inspection => {
  const kind = kindOfDer(der);
  if (kind === 'certificate') return inspectCertificate(der, at);
  if (kind === 'crl') return inspectCrl(der, at);
  if (kind === 'csr') return inspectRequest(der);
  return kind === null ? malformed(null, 'malformed-request') : inspectTnAuthList(der);
};

const orNull = (der: Uint8Array): Certificate | null => {
  try {
    return parseCertificate(der);
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
};

const inspectLinks = (certificates: readonly (Certificate | null)[], findings: Findings): void => {
  certificates.forEach((subject, i) => {
    const issuer = certificates[i + 1];
    if (subject === null || issuer === undefined || issuer === null) return;
    if (!subject.issuer.equals(issuer.subject))
      findings.reason('error', 'malformed-chain', `certificate ${i + 1} is not the issuer of ${i}`);
    else if (Buffer.compare(subject.authorityKeyIdentifier ?? Buffer.of(), issuer.subjectKeyIdentifier ?? Buffer.of()) !== 0)
      findings.reason('error', 'aki-mismatch', `certificate ${i}`);
  });
};

const named = (inspections: readonly Inspection[], what: string): Finding[] =>
  inspections.flatMap(({ findings }, i) => findings.map((finding) => ({ ...finding, detail: `${what} ${i}: ${finding.detail}` })));

/** Several certificates, taken for a path from end-entity up. */
const inspectChain = (blocks: readonly PemBlock[], at: number | null): Inspection => {
  const inspections = blocks.map(({ der }) => inspectCertificate(der, at));
  const findings = new Findings();
  const broken = inspections.find(({ ok }) => !ok);
  if (broken === undefined)
    inspectLinks(
      blocks.map(({ der }) => orNull(der)),
      findings,
    );
  return {
    ok: broken === undefined,
    kind: 'chain',
    reason: broken?.reason ?? null,
    tnAuthList: inspections[0]?.tnAuthList ?? null,
    findings: [...named(inspections, 'certificate'), ...findings.list],
    facts: { certificates: inspections.map(({ facts }) => ({ ...facts })) },
  };
};

const inspectBlock = ({ label, der }: PemBlock, at: number | null): Inspection => {
  if (label === 'CERTIFICATE') return inspectCertificate(der, at);
  if (label === 'X509 CRL') return inspectCrl(der, at);
  if (label === 'CERTIFICATE REQUEST' || label === 'NEW CERTIFICATE REQUEST') return inspectRequest(der);
  // Keys above all: what is not for this verb is not taken apart.
  return label.endsWith(' KEY') ? malformed(null, 'malformed-request') : inspectDer(der, at);
};

/** More than any bundle of anchors holds; bounds the work on hostile text. */
const MAX_BLOCKS = 1000;

const inspectPem = (text: string, at: number | null): Inspection => {
  let blocks: PemBlock[];
  try {
    blocks = decodePem(text);
  } catch (error) {
    if (error instanceof Refusal) return malformed(null, error.reason);
    throw error;
  }
  const [only, ...more] = blocks;
  if (only === undefined) return malformed(null, 'malformed-chain');
  if (more.length === 0) return inspectBlock(only, at);
  if (blocks.length > MAX_BLOCKS) return malformed('chain', 'malformed-chain');
  if (blocks.every(({ label }) => label === 'CERTIFICATE')) return inspectChain(blocks, at);
  return malformed(null, 'malformed-chain');
};

/** Parts with dots between, or the JSON serialization: how many parts, and whether they are any, is for the parser to say. */
const LOOKS_LIKE_JWS = /^[^\s.]*\.[^\s]*$|^\{[^]*"signatures?"/;

/**
 * The same for text: PEM, a compact PASSporT, or DER in base64; null for text of another kind, such as the notes of a log.
 * @param at ms since 1970, or null to leave the time out
 */
export const inspectText = (text: string, at: number | null = null): Inspection | null => {
  const trimmed = text.trim();
  if (text.includes('-----BEGIN ')) return inspectPem(text, at);
  if (LOOKS_LIKE_JWS.test(trimmed)) return inspectPassport(trimmed, at);
  const der = trimmed === '' ? null : decodeBase64(trimmed.replace(/\s/g, ''));
  return der === null ? null : inspectDer(der, at);
};
