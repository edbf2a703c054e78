import { hash } from 'node:crypto';
import { Refusal } from '../reasons/index.js';
import { OID, judgePath, type Certificate, type JudgedPath } from '../x509/index.js';
import type { AtHand } from './at-hand.js';
import type { CredentialFailure, JudgedCredential, ProfileFinding } from './credential.js';
import type { Generation, ProfileAnchors } from './generation.js';
import { checkRaised, codesOf, pathFindings, type FoundAt } from './findings/path-findings.js';
import { checkProfile, pathRulesOf } from './profiles/index.js';
import { hasNumbers } from './profiles/shape.js';
import { checkStatus, type StatusFinding } from './status.js';
import type { Evidence } from './step.js';
import { readLists, type PathLists } from './tn-lists.js';

export type Judgement =
  { readonly ok: true; readonly credential: JudgedCredential } | { readonly ok: false; readonly failure: CredentialFailure };

/**
 * Judges a path under the anchors of one trust profile: path, then status, then shape. What it finds depends on the octets (of the path
 * and of what was fetched for it), the generation and the time alone, so it may be kept as long as it holds.
 * @param at seconds
 */
export const judgeCredential = (
  path: readonly Certificate[],
  anchors: ProfileAnchors,
  at: number,
  under: Generation,
  { lists: fetched, ocsp }: AtHand,
): Judgement => {
  const { profile } = anchors;
  let judged: JudgedPath;
  try {
    judged = judgePath({ path, anchors: anchors.certificates, at: at * 1000, rules: pathRulesOf(profile) });
  } catch (error) {
    return failed({ profile, step: 'verify-path', path: null, pathEvidence: {}, revocationEvidence: {}, findings: [] }, error);
  }
  const pathEvidence = evidenceOf(profile, judged);
  let status: StatusFinding;
  try {
    status = checkStatus(judged, { profile, at, ocsp }, under);
  } catch (error) {
    return failed({ profile, step: 'check-revocation', path: judged, pathEvidence, revocationEvidence: {}, findings: [] }, error);
  }
  let found: readonly FoundAt[] = [];
  try {
    const finding = checkProfile(profile, judged.certificates, under.policy, fetched);
    const lists = readLists(judged.certificates, fetched);
    // Only of a path that has the shape: what is of another shape breaks rules that were never its own.
    found = pathFindings(profile, judged.certificates);
    checkRaised(found, under.policy.profiles.raise);
    return { ok: true, credential: credentialOf(profile, judged, status, { ...finding, ...lists }, found, pathEvidence) };
  } catch (error) {
    const findings = codesOf(found);
    return failed({ profile, step: 'check-profile', path: judged, pathEvidence, revocationEvidence: status.evidence, findings }, error);
  }
};

const failed = (failure: Omit<CredentialFailure, 'refusal'>, error: unknown): Judgement => {
  if (!(error instanceof Refusal)) throw error;
  return { ok: false, failure: { ...failure, refusal: error } };
};

const evidenceOf = (profile: string, { certificates, anchor, from, until }: JudgedPath): Evidence => ({
  profile,
  certificates: certificates.map(({ fingerprint }) => fingerprint.toString('hex')),
  anchor: anchor.fingerprint.toString('hex'),
  notBefore: from,
  notAfter: until,
});

/** Its fingerprint says which number or mailbox it is about to whoever can guess them. */
const isPersonal = (certificate: Certificate, list: PathLists['lists'][number]): boolean =>
  hasNumbers(list ?? []) ||
  certificate.subjectAltName?.some(({ kind }) => kind === 'rfc822Name' || kind === 'smtpUTF8Mailbox') === true ||
  certificate.subject.rdns.flat().some(({ oid }) => oid === OID.emailAddress);

const credentialOf = (
  profile: JudgedCredential['profile'],
  path: JudgedPath,
  status: StatusFinding,
  finding: ProfileFinding & PathLists,
  found: readonly FoundAt[],
  pathEvidence: Evidence,
): JudgedCredential => {
  const { certificates, endEntity } = path;
  const spkiDigest = hash('sha256', endEntity.publicKey.spki, 'buffer');
  const { kind, spc, provider, domains, mailbox, below, constraints, lists, fetched } = finding;
  return {
    kind,
    spc,
    domains,
    mailbox,
    provider,
    constraints,
    below,
    lists,
    profile,
    path,
    certificates,
    key: endEntity.publicKey.keyObject,
    spkiDigest,
    fingerprints: certificates.map(({ fingerprint }) => fingerprint),
    personal: certificates.map((certificate, position) => isPersonal(certificate, lists[position] ?? null)),
    notBeforeBelow: below === 0 ? null : Math.min(...certificates.slice(0, below).map(({ notBefore }) => notBefore)),
    from: Math.max(path.from, status.from),
    until: Math.min(path.until, status.until),
    pathEvidence,
    revocationEvidence: status.evidence,
    findings: codesOf(found),
    profileEvidence: {
      profile,
      kind,
      spc,
      provider,
      domains: [...domains],
      constrained: constraints !== null,
      ...(fetched.length === 0 ? {} : { tnLists: [...fetched] }),
      findings: found.map(({ code, position }) => ({ code, position })),
    },
    signatureEvidence: { alg: 'ES256', spki: spkiDigest.toString('hex') },
  };
};
