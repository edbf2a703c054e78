import { parseInstant } from '../numbering/index.js';
import { shortLivedSeconds } from '../policy/index.js';
import { Refusal, refuse, type Reason } from '../reasons/index.js';
import {
  CertificateCache,
  CrlSet,
  RFC5280_RULES,
  STIR_RULES,
  checkEncompassing,
  judgePath,
  judgeRevocation,
  parsePath,
  type Certificate,
  type JudgedPath,
  type RevocationMode,
} from '../x509/index.js';
import { asObject, memberOf, parseLineObject, readDerList, readOneOf, readText, type LineObject } from './line-shape.js';
import { checkProfile, pathRulesOf } from './profiles/index.js';
import { shippedPolicy } from './shipped-policy.js';
import { readLists } from './tn-lists.js';
import { TRUST_PROFILES, type TrustProfile } from './verdict.js';

/** The answer to one line of `verify path`. `position` counts in the path as given; null when no certificate is to blame. */
export interface PathAnswer {
  readonly id: string | null;
  readonly accepted: boolean;
  readonly reason: Reason | null;
  readonly position: number | null;
}

interface PathQuestion {
  readonly anchors: readonly Uint8Array[];
  readonly path: readonly Uint8Array[];
  readonly crls: readonly Uint8Array[];
  readonly crlSigners: readonly Uint8Array[];
  readonly crlAnchors: readonly Uint8Array[];
  /** ms since 1970 */
  readonly at: number;
  readonly profile: 'rfc5280' | TrustProfile;
  readonly revocation: RevocationMode;
  readonly maxDepth: number | null;
}

const PROFILES = ['rfc5280', ...TRUST_PROFILES] as const;
const MODES = ['off', 'when-named', 'required'] as const;

const readQuestion = (line: LineObject): PathQuestion => ({
  anchors: readDerList(line, 'anchors'),
  path: readDerList(line, 'path'),
  crls: readDerList(line, 'crls', []),
  crlSigners: readDerList(line, 'crlSigners', []),
  crlAnchors: readDerList(line, 'crlAnchors', []),
  at: parseInstant(readText(line, 'at')) ?? refuse('malformed-request', 'at'),
  profile: readOneOf(line, 'profile', PROFILES),
  revocation: readOneOf(line, 'revocation', MODES, 'when-named'),
  maxDepth: readDepth(memberOf(line, 'maxDepth')),
});

const readDepth = (value: unknown): number | null => {
  if (value === undefined) return null;
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : refuse('malformed-request', 'maxDepth');
};

/** A certificate that does not parse signs no CRL that counts. */
const parseUsable = (ders: readonly Uint8Array[], cache: CertificateCache): Certificate[] =>
  ders.flatMap((der) => {
    try {
      return [cache.parse(der)];
    } catch (error) {
      if (error instanceof Refusal) return [];
      throw error;
    }
  });

const checkStatus = (question: PathQuestion, judged: JudgedPath, cache: CertificateCache): void => {
  // CONTRACT section 3: off reads none.
  if (question.revocation === 'off') return;
  const crls = new CrlSet({
    crls: question.crls,
    signers: parseUsable(question.crlSigners, cache),
    anchors: parseUsable(question.crlAnchors, cache),
  });
  const { profile, at, revocation: mode } = question;
  const asked = { path: judged.certificates, crls, at, mode };
  // standards: profiles, "Revocation": rfc5280 spares none, and a point's silence about its CRL issuer means the certificate's issuer.
  if (profile === 'rfc5280') return void judgeRevocation({ ...asked, rules: RFC5280_RULES });
  const policy = shippedPolicy();
  judgeRevocation({
    ...asked,
    rules: STIR_RULES,
    shortLivedSeconds: shortLivedSeconds(policy, profile),
    crlAnchorsServePoints: policy.revocation.crlAnchorsServePoints.includes(profile),
  });
};

const judge = (question: PathQuestion, cache: CertificateCache): void => {
  const { profile, maxDepth } = question;
  const rules = profile === 'rfc5280' ? RFC5280_RULES : pathRulesOf(profile);
  const judged = judgePath({
    path: parsePath(question.path, rules, cache),
    anchors: question.anchors.map((der) => cache.parse(der)),
    at: question.at,
    rules,
    ...(maxDepth === null ? {} : { maxDepth }),
  });
  checkStatus(question, judged, cache);
  // A list by reference limits the path too, and a line has none.
  if (profile === 'rfc5280') checkEncompassing(judged.certificates, readLists(judged.certificates, new Map()).lists);
  else checkProfile(profile, judged.certificates, shippedPolicy());
};

const refused = (id: string | null, reason: Reason, position: number | null): PathAnswer => ({ id, accepted: false, reason, position });

/** Blames nobody where the certificate at fault is an anchor that was not in the path. */
const placed = (position: number | null, line: LineObject): number | null => {
  const path = memberOf(line, 'path');
  return position !== null && Array.isArray(path) && position < path.length ? position : null;
};

/**
 * Judges one certificate path as CONTRACT section 3 describes it; DER is base64 text or octets. Never throws: what is wrong with the line is in the answer.
 * `cache` keeps certificates from one line to the next. Proves what `judgePath`, `judgeRevocation` and the profile prove, and no authority over any number.
 */
export const verifyPath = (line: unknown, cache: CertificateCache = new CertificateCache()): PathAnswer => {
  let id: string | null = null;
  try {
    const object = asObject(line);
    const given = memberOf(object, 'id');
    id = typeof given === 'string' ? given : null;
    if (id === null) return refused(null, 'malformed-request', null);
    try {
      judge(readQuestion(object), cache);
      return { id, accepted: true, reason: null, position: null };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return refused(id, error.reason, placed(error.position, object));
    }
  } catch (error) {
    // DESIGN section 6: a fault of ours is no verdict, and yet each line has its answer.
    return refused(id, error instanceof Refusal ? error.reason : 'internal-error', null);
  }
};

/** Answers the octets of one line, or null for one over 1 MiB. Never throws. */
export const answerPathLine = (octets: Uint8Array | null, cache: CertificateCache): PathAnswer => {
  if (octets === null) return refused(null, 'too-large', null);
  let line: LineObject;
  try {
    line = parseLineObject(octets);
  } catch (error) {
    return refused(null, error instanceof Refusal ? error.reason : 'internal-error', null);
  }
  return verifyPath(line, cache);
};
