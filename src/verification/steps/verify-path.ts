import { Refusal } from '../../reasons/index.js';
import { checkValidityAtIat } from '../../x509/index.js';
import type { CredentialFailure } from '../credential.js';
import type { ProfileAnchors } from '../generation.js';
import type { Job } from '../job.js';
import type { Judgement } from '../judge-credential.js';
import { checkScope } from '../scope.js';
import type { Step } from '../step.js';
import { judgeUnderProfiles } from '../trial.js';

/**
 * What depends on this PASSporT: that every certificate was valid at iat (RFC 8224 section 6.2 step 4), and that the anchor may speak for
 * the SII. Both belong to the path, so they come before a failure of its status or shape.
 */
const withPassport = (job: Job, anchors: ProfileAnchors, judgement: Judgement): Judgement => {
  const path = judgement.ok ? judgement.credential.path : judgement.failure.path;
  if (path === null) return judgement;
  try {
    checkValidityAtIat(path, job.claims.iat);
    checkScope(anchors.profile, anchors.speaksFor.get(path.anchor) ?? [], anchors.names, job.claims.sii);
    return judgement;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { profile } = anchors;
    const none = { path: null, pathEvidence: {}, revocationEvidence: {}, findings: [] };
    return { ok: false, failure: { profile, step: 'verify-path', refusal: error, ...none } };
  }
};

const RANK: readonly string[] = ['verify-path', 'check-revocation', 'check-profile'];

/**
 * How much a failure says about what is wrong: not this profile's anchors least, the name of one of them and another key hardly more, another shape
 * altogether little, else the later step more. A finding that policy raises is said of a path that has the shape.
 */
const weight = ({ step, refusal: { reason }, findings }: CredentialFailure): number => {
  if (reason === 'untrusted-chain') return 0;
  if (reason === 'aki-mismatch') return 1;
  const isOther = (reason === 'profile-violation' && findings.length === 0) || reason === 'tnauthlist-missing';
  return isOther ? 2 : 3 + RANK.indexOf(step);
};

/** Of the trials the one whose failure says most; of equals the first. */
const mostTelling = (failures: readonly CredentialFailure[]): CredentialFailure => {
  const [first, ...others] = failures;
  if (first === undefined) throw new Refusal('untrusted-chain', 'no anchors');
  return others.reduce((best, failure) => (weight(failure) > weight(best) ? failure : best), first);
};

export const verifyPathStep: Step = {
  name: 'verify-path',
  clause: 'RFC 5280 section 6.1',
  asks: 'does the path hold, now and at iat, up to an anchor that may speak for this number or domain?',
  refuses: [
    'malformed-chain',
    'cert-too-large',
    'malformed-cert',
    'duplicate-extension',
    'unknown-critical-ext',
    'precertificate',
    'unsupported-key',
    'unsupported-cert-alg',
    'untrusted-chain',
    'aki-mismatch',
    'bad-cert-signature',
    'cert-expired',
    'cert-not-yet-valid',
    'cert-validity-iat',
    'not-a-ca',
    'leaf-is-ca',
    'path-length',
    'name-constraints',
    'bad-key-usage',
    'bad-policy',
    'anchor-out-of-scope',
  ],
  run: (job, under) => {
    const failures: CredentialFailure[] = [];
    for (const { anchors, judgement } of judgeUnderProfiles(job, under)) {
      const judged = withPassport(job, anchors, judgement);
      if (judged.ok) {
        job.judged = judged.credential;
        return judged.credential.pathEvidence;
      }
      failures.push(judged.failure);
    }
    const failure = mostTelling(failures);
    if (failure.step === 'verify-path') throw failure.refusal;
    job.failure = failure;
    return failure.pathEvidence;
  },
};
