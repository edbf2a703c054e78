import { decodeBase64 } from '../../encoding/index.js';
import type { InspectOptions } from './certificate.js';
import { inspectDer } from './der.js';
import type { Inspection } from './finding.js';
import { inspectPassport } from './passport.js';
import { inspectPem } from './pem.js';
import { inspectTrustList, looksLikeTrustList } from './trust-list.js';

export type { InspectOptions } from './certificate.js';
export { inspectDer } from './der.js';
export type { Finding, InspectedKind, Inspection, Severity } from './finding.js';
export { INSPECTED_PROFILES, type InspectedProfile } from './profile.js';

/** Parts with dots between, or the JSON serialization: how many parts, and whether they are any, is for the parser to say. */
const LOOKS_LIKE_JWS = /^[^\s.]*\.[^\s]*$|^\{[^]*"signatures?"/;

/** The same for text: PEM, a trust list, a compact PASSporT, or DER in base64; null for text of another kind, such as the notes of a log. */
export const inspectText = (text: string, options: InspectOptions = {}): Inspection | null => {
  const trimmed = text.trim();
  if (text.includes('-----BEGIN ')) return inspectPem(text, options);
  if (looksLikeTrustList(trimmed)) return inspectTrustList(trimmed, options);
  if (LOOKS_LIKE_JWS.test(trimmed)) return inspectPassport(trimmed, options);
  const der = trimmed === '' ? null : decodeBase64(trimmed.replace(/\s/g, ''));
  return der === null ? null : inspectDer(der, options);
};
