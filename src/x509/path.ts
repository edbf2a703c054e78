import { Refusal, refuse } from '../reasons/index.js';
import type { CertificateCache } from './certificate-cache.js';
import { parseCertificate, type Certificate } from './certificate.js';
import { NameConstraintLayers } from './name-constraints.js';
import { AUTHORITY_CHECKS, blaming, checkForm } from './path-form.js';
import { checkAnchorIdentifiers, checkLink, checkLinks, findAnchors, type Candidate } from './path-links.js';
import {
  MAX_CANDIDATES,
  isAlgorithmKnown,
  isAlgorithmOf,
  isKeyAllowed,
  newWorkBudget,
  type PathRules,
  type WorkBudget,
} from './path-rules.js';
import { ANY_POLICY_INPUTS, PolicyState, type PathPolicies, type PolicyInputs } from './policies.js';

export interface PathInput {
  /** As given: end-entity first, the anchor last or absent. */
  readonly path: readonly Certificate[];
  readonly anchors: readonly Certificate[];
  /** ms since 1970; cut to whole seconds. */
  readonly at: number;
  /** Seconds: a second instant at which every certificate must be valid. */
  readonly iat?: number;
  readonly rules: PathRules;
  /** The most intermediates that are not self-issued. */
  readonly maxDepth?: number;
  readonly policies?: PolicyInputs;
  /** What it may cost; by default what one path may. For several judgements that must not cost more together. */
  readonly budget?: WorkBudget;
}

/** A path that holds. It says nothing of revocation, nor of what the profiles demand besides. */
export interface JudgedPath {
  /** End-entity first, the anchor, as configured, last. One long where the anchor is the end-entity itself. */
  readonly certificates: readonly Certificate[];
  readonly endEntity: Certificate;
  readonly anchor: Certificate;
  /** Whether the anchor was in the path as given: elsewhere its position is null. */
  readonly anchorInPath: boolean;
  readonly policies: PathPolicies;
  /** Seconds, both inclusive: latest notBefore, earliest notAfter. The judgement holds for every `at` between. */
  readonly from: number;
  readonly until: number;
}

/**
 * Parses the certificates of a path as given; `rules` bounds their number and size.
 * @throws Refusal `malformed-chain`, `cert-too-large`, `malformed-cert`, `duplicate-extension`
 */
export const parsePath = (path: readonly Uint8Array[], rules: PathRules, cache?: CertificateCache): Certificate[] => {
  if (path.length === 0) return refuse('malformed-chain', 'empty');
  if (path.length > rules.maxCertificates + 1) return refuse('malformed-chain', 'number of certificates');
  path.forEach((der, i) => {
    if (der.length > rules.maxOctets) refuse('cert-too-large', undefined, i);
  });
  return path.map((der, i) => blaming(i, () => (cache === undefined ? parseCertificate(der) : cache.parse(der))));
};

/**
 * Judges a path by RFC 5280 section 6.1, linear, in the order given: no certificate is looked for, moved or left out. Cheap rules come first,
 * signatures last. Proves that the anchor vouches for the end-entity's name and key at `at`; revocation and profiles are judged elsewhere.
 * @throws Refusal with `position`: malformed-chain, precertificate, unknown-critical-ext, malformed-cert, name-constraints, bad-policy, bad-key-usage,
 * untrusted-chain, aki-mismatch, unsupported-key, unsupported-cert-alg, cert-expired, cert-not-yet-valid, cert-validity-iat, not-a-ca, leaf-is-ca, path-length,
 * bad-cert-signature
 */
export const judgePath = (input: PathInput): JudgedPath => {
  const { path, rules } = input;
  path.forEach((certificate, i) => blaming(i, () => checkForm(certificate, rules, i === 0 ? 'end-entity' : 'CA')));
  checkLinks(path);
  const { budget = newWorkBudget(rules) } = input;
  let first: Refusal | null = null;
  for (const candidate of findAnchors(path, input.anchors).slice(0, MAX_CANDIDATES)) {
    try {
      return judgeUnder(candidate, input, budget);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      first ??= error;
    }
  }
  throw first ?? new Refusal('untrusted-chain');
};

/** Checks a judged path at a second instant (RFC 8224 section 6.2 step 4). Seconds. @throws Refusal `cert-validity-iat` */
export const checkValidityAtIat = ({ certificates, anchorInPath, from, until }: JudgedPath, iat: number): void => {
  if (from <= iat && iat <= until) return;
  const at = certificates.findIndex(({ notBefore, notAfter }) => iat < notBefore || iat > notAfter);
  refuse('cert-validity-iat', undefined, at === certificates.length - 1 && !anchorInPath ? null : at);
};

const judgeUnder = ({ anchor, inPath }: Candidate, input: PathInput, budget: WorkBudget): JudgedPath => {
  const { rules } = input;
  const chain = [...(inPath ? input.path.slice(0, -1) : input.path), anchor];
  if (chain.length - 1 > rules.maxCertificates) refuse('malformed-chain', 'number of certificates');
  const walk: Walk = { chain, anchor, anchorPosition: inPath ? input.path.length - 1 : null, rules };
  blaming(walk.anchorPosition, () => checkAnchor(anchor, rules));
  if (chain.length > 1) checkLink(chain[chain.length - 2] as Certificate, anchor, chain.length - 2);
  checkKinds(walk);
  checkValidity(walk, Math.floor(input.at / 1000));
  checkAuthorities(walk, input.maxDepth ?? Infinity);
  checkNames(walk, budget);
  const policies = checkPolicies(walk, input.policies ?? ANY_POLICY_INPUTS, budget);
  checkSignatures(walk, budget);
  const judged: JudgedPath = {
    certificates: chain,
    endEntity: chain[0] ?? anchor,
    anchor,
    anchorInPath: inPath,
    policies,
    from: Math.max(...chain.map(({ notBefore }) => notBefore)),
    until: Math.min(...chain.map(({ notAfter }) => notAfter)),
  };
  if (input.iat !== undefined) checkValidityAtIat(judged, input.iat);
  return judged;
};

interface Walk {
  /** End-entity first, anchor last. */
  readonly chain: readonly Certificate[];
  readonly anchor: Certificate;
  readonly anchorPosition: number | null;
  readonly rules: PathRules;
}

const positionIn = ({ chain, anchorPosition }: Walk, i: number): number | null => (i === chain.length - 1 ? anchorPosition : i);

/** CONTRACT section 3: an anchor is judged as a CA certificate. Its signature proves nothing and is not looked at. */
const checkAnchor = (anchor: Certificate, rules: PathRules): void => {
  checkForm(anchor, rules, 'CA');
  checkIsCa(anchor, rules);
  checkAnchorIdentifiers(anchor);
};

/** RFC 5280 sections 4.2.1.2, 4.2.1.3, 4.2.1.9 and 6.1.4 (k), (n). @throws Refusal `not-a-ca`, `aki-mismatch` */
const checkIsCa = (certificate: Certificate, rules: PathRules): void => {
  for (const check of AUTHORITY_CHECKS) check(certificate, rules);
};

/** Keys and algorithms by name (RFC 8226 section 4), before anything is computed with them. */
const checkKinds = (walk: Walk): void => {
  const { chain, rules } = walk;
  chain.forEach((certificate, i) => {
    const position = positionIn(walk, i);
    if (!isKeyAllowed(certificate.publicKey, rules, i === 0)) refuse('unsupported-key', undefined, position);
    if (i < chain.length - 1 && !isAlgorithmKnown(certificate, rules)) refuse('unsupported-cert-alg', undefined, position);
  });
  chain.forEach((certificate, i) => {
    const issuer = chain[i + 1];
    if (issuer !== undefined && !isAlgorithmOf(certificate, issuer)) refuse('unsupported-cert-alg', 'digest', i);
  });
};

/** RFC 5280 section 4.1.2.5: both ends inclusive. Section 6.1.3 (a) (2), and the anchor like any other. */
const checkValidity = (walk: Walk, second: number): void => {
  walk.chain.forEach(({ notBefore, notAfter }, i) => {
    if (second > notAfter) refuse('cert-expired', undefined, positionIn(walk, i));
    if (second < notBefore) refuse('cert-not-yet-valid', undefined, positionIn(walk, i));
  });
};

/** RFC 5280 section 6.1.4 (k) to (n), from the anchor down. */
const checkAuthorities = (walk: Walk, maxDepth: number): void => {
  const { chain, anchor, rules } = walk;
  const [endEntity = anchor] = chain;
  if (endEntity.basicConstraints?.ca === true) {
    if (!rules.caEndEntity) refuse('leaf-is-ca', undefined, 0);
    if (endEntity.subjectKeyIdentifier === null) refuse('aki-mismatch', 'subject key identifier', 0);
  }
  let left = Math.min(maxDepth, anchor.basicConstraints?.pathLength ?? Infinity);
  for (let i = chain.length - 2; i >= 1; i -= 1) {
    const certificate = chain[i] as Certificate;
    blaming(i, () => checkIsCa(certificate, rules));
    if (!certificate.isSelfIssued) {
      if (left === 0) refuse('path-length', undefined, i);
      left -= 1;
    }
    left = Math.min(left, certificate.basicConstraints?.pathLength ?? Infinity);
  }
};

/** RFC 5280 section 6.1.3 (b), (c) and 6.1.4 (g). Self-issued certificates are exempt, the end-entity is not. */
const checkNames = ({ chain, anchor, anchorPosition }: Walk, budget: WorkBudget): void => {
  const layers = new NameConstraintLayers(budget);
  blaming(anchorPosition, () => anchor.nameConstraints !== null && layers.add(anchor.nameConstraints));
  for (let i = chain.length - 2; i >= 0; i -= 1) {
    const certificate = chain[i] as Certificate;
    blaming(i, () => {
      if (i === 0 || !certificate.isSelfIssued) layers.check(certificate);
      if (i > 0 && certificate.nameConstraints !== null) layers.add(certificate.nameConstraints);
    });
  }
};

const checkPolicies = ({ chain, anchor }: Walk, inputs: PolicyInputs, budget: WorkBudget): PathPolicies => {
  if (chain.length === 1) return { subject: [], authority: [] };
  const state = new PolicyState(chain.length - 1, anchor, inputs, budget);
  for (let i = chain.length - 2; i >= 0; i -= 1) {
    const certificate = chain[i] as Certificate;
    blaming(i, () => {
      state.enter(certificate, i === 0);
      if (i > 0) state.leave(certificate);
    });
  }
  return blaming(0, () => state.finish(chain[0] ?? anchor));
};

/** RFC 5280 section 6.1.3 (a) (1), from the anchor down, so that nothing is computed with a key that nobody vouched for. */
const checkSignatures = (walk: Walk, budget: WorkBudget): void => {
  const { chain } = walk;
  for (let i = chain.length - 2; i >= 0; i -= 1) {
    const certificate = chain[i] as Certificate;
    const issuer = chain[i + 1] as Certificate;
    budget.signatures -= 1;
    if (budget.signatures < 0) refuse('untrusted-chain', 'number of signature checks');
    const holds = blaming(positionIn(walk, i + 1), () => certificate.signatureHolds(issuer));
    if (!holds) refuse('bad-cert-signature', undefined, i);
  }
  // RFC 8226 section 4: an end-entity's key that is no point of its curve is found here, not when it is first used.
  blaming(positionIn(walk, 0), () => walk.chain[0]?.publicKey.keyObject);
};
