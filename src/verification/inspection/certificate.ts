import { Refusal, type Role } from '../../reasons/index.js';
import {
  AUTHORITY_CHECKS,
  FORM_CHECKS,
  RFC5280_RULES,
  checkAnchorIdentifiers,
  isAlgorithmKnown,
  isKeyAllowed,
  type PathRules,
} from '../../x509/index.js';
import { certificateFindings, everyProfileFindings } from '../findings/path-findings.js';
import { checkMailNames, checkMailboxBound } from '../profiles/email.js';
import { checkNumbersBound } from '../profiles/delegate.js';
import { pathRulesOf } from '../profiles/index.js';
import { checkCommonName, checkIssuesUnder, checkOneSpc, checkOwnPolicy, refuseList } from '../profiles/shaken.js';
import { checkExtendedKeyUsage, checkKeyUsage, checkListUncritical, checkUnconstrained } from '../profiles/shape.js';
import { shippedPolicy } from '../shipped-policy.js';
import type { TrustProfile } from '../verdict.js';
import { certificateFacts } from './facts.js';
import { Findings, malformed, type Inspection } from './finding.js';
import { guessProfile, type InspectedProfile } from './profile.js';
import { hasMailName, isAuthority, isListed, readSubject, type Subject } from './subject.js';

export interface InspectOptions {
  /** ms since 1970, or null to leave the time out. */
  readonly at?: number | null;
  /** null or absent: guessed by the shape. */
  readonly profile?: InspectedProfile | null;
}

const DAY_SECONDS = 24 * 3600;

export const rulesOf = (profile: InspectedProfile | null): PathRules =>
  profile === null || profile === 'rfc5280' ? RFC5280_RULES : pathRulesOf(profile);

/** RFC 5280 section 6.1, as far as one certificate decides it. */
const inspectForPath = ({ certificate, role }: Subject, rules: PathRules, findings: Findings): void => {
  const place = role === 'end-entity' ? 'end-entity' : 'CA';
  if (certificate.der.length > rules.maxOctets) findings.reason('error', 'cert-too-large', `more than ${rules.maxOctets / 1024} KiB`);
  for (const check of FORM_CHECKS) findings.attempt(() => check(certificate, rules, place));
  if (!isKeyAllowed(certificate.publicKey, rules, role === 'end-entity'))
    findings.reason('error', 'unsupported-key', 'kind, curve or size');
  else findings.attempt(() => certificate.publicKey.keyObject);
  const isKnown = isAlgorithmKnown(certificate, rules);
  if (!isKnown && role === 'root') findings.found('anchor-signature-algorithm', certificate.signatureAlgorithm.oid);
  else if (!isKnown) findings.reason('error', 'unsupported-cert-alg', algorithmDetail(certificate.signatureAlgorithm));
  if (role === 'end-entity') {
    if (certificate.authorityKeyIdentifier === null && !certificate.isSelfIssued)
      findings.reason('error', 'aki-mismatch', 'authority key identifier');
    return;
  }
  for (const check of AUTHORITY_CHECKS) findings.attempt(() => check(certificate, rules));
  findings.attempt(() => checkAnchorIdentifiers(certificate));
};

const algorithmDetail = ({ oid, forgivable }: Subject['certificate']['signatureAlgorithm']): string =>
  forgivable === null ? oid : 'NULL parameters of ECDSA';

/** What all four trust profiles demand. */
const inspectShape = ({ certificate, role }: Subject, findings: Findings): void => {
  findings.attempt(() => checkListUncritical(certificate, 0));
  if (role !== 'end-entity') {
    findings.attempt(() => checkUnconstrained(certificate, 0));
    return;
  }
  findings.attemptOnce(() => checkKeyUsage(certificate));
  findings.attempt(() => checkExtendedKeyUsage(certificate, shippedPolicy().profiles.extendedKeyUsages));
};

const inspectShaken = (subject: Subject, findings: Findings): void => {
  const { certificate, list } = subject;
  const { shakenPolicies } = shippedPolicy().profiles;
  if (isAuthority(subject)) {
    if (isListed(subject)) findings.attempt(() => refuseList(0));
    // Of an anchor the profile asks no policy.
    if (subject.role !== 'root') findings.attempt(() => checkIssuesUnder(certificate, shakenPolicies, 0));
    return;
  }
  findings.attempt(() => checkOwnPolicy(certificate, shakenPolicies));
  if (!isListed(subject)) findings.reason('error', 'tnauthlist-missing');
  if (list !== null && findings.attempt(() => checkOneSpc(list))) findings.attempt(() => checkCommonName(certificate, checkOneSpc(list)));
};

const inspectDelegate = (subject: Subject, findings: Findings): void => {
  if (isAuthority(subject)) return;
  const { list, constraints } = subject;
  if (!isListed(subject)) findings.reason('error', 'tnauthlist-missing');
  if (list !== null) findings.attempt(() => checkNumbersBound(list, constraints));
};

const inspectEmail = (subject: Subject, findings: Findings): void => {
  if (isListed(subject)) findings.reason('error', 'profile-violation', 'TNAuthList');
  if (isAuthority(subject)) return;
  // Whether the CAs above may name it only a path can say.
  findings.attempt(() => checkMailNames(subject.certificate));
  if (hasMailName(subject)) findings.attempt(() => checkMailboxBound(subject.constraints));
};

const INSPECT_PROFILE: Readonly<Record<TrustProfile, (subject: Subject, findings: Findings) => void>> = {
  shaken: inspectShaken,
  delegate: inspectDelegate,
  email: inspectEmail,
  'numbering-authority': () => undefined,
};

const inspectTimes = ({ certificate: { notBefore, notAfter } }: Subject, at: number | null, findings: Findings): void => {
  const day = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10);
  if (notAfter < notBefore) findings.found('validity-inverted');
  if (at === null) return;
  if (at > notAfter * 1000) findings.reason('error', 'cert-expired', `since ${day(notAfter)}`);
  if (at < notBefore * 1000) findings.reason('error', 'cert-not-yet-valid', `until ${day(notBefore)}`);
};

/** What only a path or a CRL can settle. */
const remark = (subject: Subject, profile: InspectedProfile | null, findings: Findings): void => {
  const { certificate, byReference, role } = subject;
  if (byReference) findings.found('list-by-reference');
  const isOther = profile === 'delegate' || profile === 'email' || profile === 'numbering-authority';
  if (!isOther || role === 'root' || certificate.crlDistributionPoints !== null) return;
  if (isAuthority(subject) || certificate.notAfter - certificate.notBefore > DAY_SECONDS) findings.found('status-by-issuer');
};

const offProfile = ({ certificate, role }: Subject, profile: InspectedProfile | null) =>
  profile === null || profile === 'rfc5280' ? everyProfileFindings(certificate, role) : certificateFindings(certificate, profile, role);

/** Adds all that is wrong with one certificate: what a verifier refuses, by the verifier's own rules, what it would record, and remarks. */
export const inspectSubject = (subject: Subject, profile: InspectedProfile | null, at: number | null, findings: Findings): void => {
  inspectForPath(subject, rulesOf(profile), findings);
  if (profile !== null && profile !== 'rfc5280') {
    inspectShape(subject, findings);
    INSPECT_PROFILE[profile](subject, findings);
  }
  inspectTimes(subject, at, findings);
  for (const { code, detail } of offProfile(subject, profile)) findings.found(code, detail);
  remark(subject, profile, findings);
};

/** Octets of a certificate; larger than any that a verifier reads is not taken apart. @throws Refusal as `readSubject`, and `cert-too-large` */
export const readForInspection = (der: Uint8Array): Subject => {
  if (der.length > RFC5280_RULES.maxOctets) throw new Refusal('cert-too-large');
  return readSubject(der);
};

export const factsOf = (subject: Subject, profile: InspectedProfile | null): Inspection['facts'] => ({
  profile: profile ?? 'none by its shape',
  role: roleText(subject.role),
  ...certificateFacts(subject.certificate, subject.list),
});

const roleText = (role: Role): string => (role === 'intermediate' ? 'intermediate authority' : role);

/** Throws nothing for octets that are no certificate. */
export const inspectCertificate = (der: Uint8Array, { at = null, profile = null }: InspectOptions = {}): Inspection => {
  try {
    const subject = readForInspection(der);
    const held = profile ?? guessProfile([subject]);
    const findings = Findings.empty();
    inspectSubject(subject, held, at, findings);
    return {
      ok: true,
      kind: 'certificate',
      reason: null,
      tnAuthList: subject.list,
      findings: findings.list,
      facts: factsOf(subject, held),
    };
  } catch (error) {
    if (error instanceof Refusal) return malformed('certificate', error.reason, error.detail);
    throw error;
  }
};
