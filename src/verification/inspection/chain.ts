import type { JsonValue } from '../../encoding/index.js';
import type { Reason, Refusal } from '../../reasons/index.js';
import { checkEncompassing, checkLink, judgePath, type Certificate, type PathRules } from '../../x509/index.js';
import { checkProfile } from '../profiles/index.js';
import { shippedPolicy } from '../shipped-policy.js';
import { factsOf, inspectSubject, readForInspection, rulesOf, type InspectOptions } from './certificate.js';
import { Findings, refusalOf } from './finding.js';
import { guessProfile, type InspectedProfile } from './profile.js';
import type { Subject } from './subject.js';

/** The first of several things that is malformed. */
export interface Broken {
  readonly reason: Reason;
  /** Which, and what of it. */
  readonly problem: string;
}

export const brokenAt = (where: string, { reason, detail }: Refusal): Broken => ({
  reason,
  problem: detail === undefined ? where : `${where}: ${detail}`,
});

/** Several certificates, taken for a path from the end-entity up. */
export interface InspectedChain {
  /** Then nothing more is said, since nobody knows the places of the others. */
  readonly broken: Broken | null;
  readonly subjects: readonly Subject[];
  readonly facts: Readonly<Record<string, JsonValue>>;
}

/** Links whose signatures are looked at: each costs a verification under a key that the file brings along. */
const MAX_LINKS = 10;

export const place = (position: number): string => `certificate ${position}`;

/** A path whose lowest certificate is an authority is judged as one: files of authorities are paths too. */
const chainRules = (profile: InspectedProfile | null, signs: boolean): PathRules => {
  const rules = rulesOf(profile);
  return signs ? rules : { ...rules, caEndEntity: true, endEntityCurves: rules.curves };
};

/** Each certificate and the one that should have issued it: name, key identifier, signature. */
const inspectLinks = (certificates: readonly Certificate[], findings: Findings): void => {
  certificates.slice(0, MAX_LINKS).forEach((subject, i) => {
    const issuer = certificates[i + 1];
    if (issuer === undefined) return;
    const here = findings.at(place(i));
    if (!here.attempt(() => checkLink(subject, issuer, i))) return;
    if (refusalOf(() => issuer.publicKey.keyObject) === null && !subject.signatureHolds(issuer)) here.reason('error', 'bad-cert-signature');
    if (subject.notAfter > issuer.notAfter) here.found('outlives-issuer');
  });
};

/** Runs the verifier's own judgement over the whole, and says what no certificate by itself and no link has shown yet. */
const inspectWhole = (certificates: readonly Certificate[], profile: InspectedProfile | null, signs: boolean, findings: Findings): void => {
  const anchor = certificates.at(-1);
  const from = Math.max(...certificates.map(({ notBefore }) => notBefore));
  const until = Math.min(...certificates.map(({ notAfter }) => notAfter));
  if (anchor === undefined) return;
  if (from > until) return findings.found('validity-disjoint');
  const say = (check: () => unknown): void => {
    const refusal = refusalOf(check);
    // What is behind a reference is not at hand, and no defect.
    if (refusal === null || refusal.reason === 'tnlist-unavailable') return;
    const here = findings.at(place(refusal.position ?? certificates.length - 1));
    if (!here.has(refusal.reason)) here.reason('error', refusal.reason, refusal.detail);
  };
  // At a moment at which all are valid: what is valid now is said of each by itself.
  say(() => judgePath({ path: certificates, anchors: [anchor], at: from * 1000, rules: chainRules(profile, signs) }));
  if (profile === null || profile === 'rfc5280' || !signs) say(() => checkEncompassing(certificates));
  else say(() => checkProfile(profile, certificates, shippedPolicy()));
};

const isBundle = (subjects: readonly Subject[]): boolean =>
  subjects.length > 1 && subjects.every(({ certificate, role }) => certificate.isSelfIssued && role !== 'end-entity');

const inspectPath = (subjects: readonly Subject[], profile: InspectedProfile | null, signs: boolean, findings: Findings): void => {
  const certificates = subjects.map(({ certificate }) => certificate);
  // RFC 9060 section 6: a longer list is no path, and its links are not worth their signatures.
  if (certificates.length > rulesOf(profile).maxCertificates + 1)
    return findings.reason('error', 'malformed-chain', `${certificates.length} certificates`);
  inspectLinks(certificates, findings);
  inspectWhole(certificates, profile, signs, findings);
};

/**
 * Adds all that is wrong with each, with their links and with the whole.
 * @param signs whether the first certificate must be one that signs PASSporTs (x5c), or may be an authority (a file)
 */
export const inspectChain = (ders: readonly Uint8Array[], options: InspectOptions, findings: Findings, signs = false): InspectedChain => {
  const subjects: Subject[] = [];
  let broken: Broken | null = null;
  for (const [i, der] of ders.entries()) {
    const refusal = refusalOf(() => subjects.push(readForInspection(der)));
    if (refusal !== null) broken ??= brokenAt(place(i), refusal);
  }
  const profile = options.profile ?? guessProfile(subjects);
  const facts = { profile: profile ?? 'none by its shape', certificates: subjects.map((subject) => ({ ...factsOf(subject, profile) })) };
  if (broken !== null) return { broken, subjects, facts };
  subjects.forEach((subject, i) => inspectSubject(subject, profile, options.at ?? null, findings.at(place(i))));
  const [first] = subjects;
  // Only what signs PASSporTs has claim constraints.
  const isSigner = signs || first?.role === 'end-entity' || (first?.constraints ?? null) !== null;
  if (isBundle(subjects)) findings.found('anchor-bundle');
  else if (subjects.length > 1) inspectPath(subjects, profile, isSigner, findings);
  if (isSigner && first?.role !== 'end-entity' && !findings.at(place(0)).has('leaf-is-ca'))
    findings.at(place(0)).reason('error', 'leaf-is-ca');
  return { broken, subjects, facts };
};
