import type { JsonObject } from '../../encoding/index.js';
import { verifyEs256 } from '../../passport/index.js';
import { Refusal } from '../../reasons/index.js';
import { STIR_RULES, judgePath, parsePath, type Certificate } from '../../x509/index.js';
import { readEntry } from '../trust-list/entries.js';
import { MAX_TRUST_LIST_OCTETS, objectOf, openTrustList, type SignedForm } from '../trust-list/form.js';
import { checkListUsage } from '../trust-list/signer.js';
import { inspectSubject, type InspectOptions } from './certificate.js';
import { isoTime, nameText } from './facts.js';
import { Findings, malformed, type Inspection } from './finding.js';
import { subjectOf } from './subject.js';

/** Entries that are looked at, as the budget of one line allows: each costs a signature and the import of a key. */
const MAX_ENTRIES = 64;

const partOf = (text: string, place: number): string => Buffer.from(text.split('.', 3)[place] ?? '', 'base64url').toString('latin1');

/** An STI-PA's answer, or a JWS that holds a list and is no PASSporT: by a glance, so that what is malformed is still told apart. */
export const looksLikeTrustList = (text: string): boolean => {
  if (text.length > MAX_TRUST_LIST_OCTETS) return false;
  if (text.startsWith('{')) return text.includes('"caList"');
  return /^[^\s.]*\.[^\s]*$/.test(text) && partOf(text, 1).includes('"trustList"') && !partOf(text, 0).includes('"passport"');
};

/** Who signed it, as far as the list brings that along: whether a pinned root vouches for the key is nobody's to say here. */
const inspectSigner = ({ compact, x5c }: SignedForm, at: number | null, findings: Findings): readonly Certificate[] => {
  if (x5c === null) {
    findings.found('list-signature-unchecked');
    return [];
  }
  const here = findings.at('signer');
  const path: Certificate[] = [];
  if (!here.attempt(() => path.push(...parsePath(x5c, STIR_RULES)))) return [];
  const [signer, anchor] = [path[0], path.at(-1)];
  if (signer === undefined || anchor === undefined) return [];
  here.attempt(() => checkListUsage(signer));
  const from = Math.max(...path.map(({ notBefore }) => notBefore));
  if (path.length > 1) here.attempt(() => judgePath({ path, anchors: [anchor], at: from * 1000, rules: STIR_RULES }));
  if (at !== null && at > signer.notAfter * 1000) here.reason('error', 'cert-expired', `since ${isoTime(signer.notAfter)}`);
  const end = compact.lastIndexOf('.');
  const signature = Buffer.from(compact.slice(end + 1), 'base64url');
  here.attempt(() => verifyEs256({ spki: signer.publicKey.spki, message: Buffer.from(compact.slice(0, end), 'latin1'), signature }));
  return path;
};

/** A root by itself, held to the `shaken` profile: what spoils the list is an error of the list's, the rest is the certificate's own. */
const inspectEntry = (value: unknown, place: number, at: number | null, findings: Findings): Certificate | null => {
  const here = findings.at(`entry ${place}`);
  const read: (Certificate | null)[] = [];
  if (!findings.attempt(() => read.push(readEntry(value, place)))) return null;
  const [certificate = null] = read;
  if (certificate === null) here.found('list-entry-left-out');
  else inspectSubject(subjectOf(certificate), 'shaken', at, here);
  return certificate;
};

const inspectTimes = (payload: JsonObject, at: number | null, findings: Findings): number | null => {
  const { version, sequence, exp } = payload;
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
  if (typeof version !== 'string') findings.reason('error', 'trust-list-invalid', 'version');
  if (!isCount(sequence)) findings.reason('error', 'trust-list-invalid', 'sequence');
  if (!isCount(exp)) findings.reason('error', 'trust-list-invalid', 'exp');
  else if (at !== null && exp * 1000 <= at) findings.reason('error', 'trust-list-invalid', 'exp');
  return isCount(exp) && exp < 2 ** 32 ? exp : null;
};

/**
 * A list of trusted CAs (ATIS-1000084). Its signature is checked under the key that it brings along, which nobody vouches for here; that it is older than
 * another list only a gateway knows. Malformed is what cannot be taken apart.
 */
export const inspectTrustList = (text: string, { at = null }: InspectOptions = {}): Inspection => {
  const findings = Findings.empty();
  try {
    const form = openTrustList(Buffer.from(text));
    const payload = objectOf(form.payload, 'payload');
    const signer = inspectSigner(form, at, findings);
    const exp = inspectTimes(payload, at, findings);
    const { trustList, version = null, sequence = null } = payload;
    const entries: readonly unknown[] = Array.isArray(trustList) ? trustList : [];
    if (!Array.isArray(trustList)) findings.reason('error', 'trust-list-invalid', 'trustList');
    else if (entries.length === 0) findings.found('list-empty');
    const certificates = entries.slice(0, MAX_ENTRIES).map((entry, i) => inspectEntry(entry, i, at, findings));
    if (entries.length > MAX_ENTRIES) findings.found('list-entries-unread', `from entry ${MAX_ENTRIES} on`);
    const facts = {
      version,
      sequence,
      until: exp === null ? null : isoTime(exp),
      signer: signer.map(({ subject }) => nameText(subject)),
      x5u: form.x5u,
      entries: entries.length,
      roots: certificates.flatMap((certificate) => (certificate === null ? [] : [rootText(certificate)])),
    };
    return { ok: true, kind: 'trust-list', reason: null, tnAuthList: null, findings: findings.list, facts };
  } catch (error) {
    if (error instanceof Refusal) return malformed('trust-list', error.reason, error.detail);
    throw error;
  }
};

const rootText = ({ subject, notAfter, fingerprint }: Certificate): string =>
  `${nameText(subject)}, until ${isoTime(notAfter)}, ${fingerprint.toString('hex')}`;
