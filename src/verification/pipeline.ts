import { Refusal } from '../reasons/index.js';
import type { Generation } from './generation.js';
import type { Job } from './job.js';
import type { Step } from './step.js';
import { acquireCredential } from './steps/acquire-credential.js';
import { authorize } from './steps/authorize.js';
import { checkAuthority } from './steps/check-authority.js';
import { checkClaimConstraintsStep } from './steps/check-claim-constraints.js';
import { checkClaimsStep } from './steps/check-claims.js';
import { checkFreshness } from './steps/check-freshness.js';
import { checkHeaderStep } from './steps/check-header.js';
import { checkPresenter } from './steps/check-presenter.js';
import { checkProfile } from './steps/check-profile.js';
import { checkRevocation } from './steps/check-revocation.js';
import { parsePassportStep } from './steps/parse-passport.js';
import { verifyPathStep } from './steps/verify-path.js';
import { verifySignature } from './steps/verify-signature.js';
import type { StepEvidence } from './verdict.js';

/**
 * What a PASSporT must pass, in this order. When several rules fail, the first step that fails gives the reason, so the verdict is
 * deterministic. Cheap steps first; until `verify-signature` has passed nothing that the PASSporT says is authentic, and no step accepts.
 */
export const PIPELINE: readonly Step[] = [
  parsePassportStep, //          three strict parts, canonical JSON
  checkHeaderStep, //            ES256, "mimi", one credential
  checkClaimsStep, //            the claims of the profile, for this discovery provider
  checkFreshness, //             iat, exp, now
  acquireCredential, //          x5c, or the path that was fetched
  verifyPathStep, //             up to an anchor of one trust profile, in its scope, valid now and at iat
  checkRevocation, //            every certificate has a status, and none is revoked
  checkProfile, //               key usage, TNAuthList, constraints: the shape of the profile
  verifySignature, //            from here on the claims are authentic
  checkClaimConstraintsStep, //  what the credential may sign at all
  checkAuthority, //             the number or mailbox is the signer's, and its provider is of record
  checkPresenter, //             provider = SSI host = authenticated client
  authorize, //                  Cedar: this kind of credential may sign this action
];

/** Judged by the sequencer, which alone has the state they need. */
export const SEQUENCER_STEPS: readonly Omit<Step, 'run'>[] = [
  {
    name: 'check-replay',
    clause: 'RFC 8225 section 10.1',
    asks: 'has this signer used this jti before?',
    refuses: ['jti-replay', 'jti-conflict'],
  },
  {
    name: 'check-order',
    clause: "docs/token-profile.md, A number's life",
    asks: 'is it later than what was accepted for this number and provider, and than the last release or port?',
    refuses: ['superseded', 'credential-predates-assignment', 'claim-value', 'preference-without-mapping', 'mapping-limit'],
  },
];

export type Run =
  | { readonly refusal: null; readonly steps: readonly StepEvidence[] }
  | { readonly refusal: Refusal; readonly step: Step; readonly steps: readonly StepEvidence[] };

const SIGNATURE = PIPELINE.indexOf(verifySignature);
/** The steps whose verdict costs no signature over the PASSporT, and the others. */
export const BEFORE_SIGNATURE = PIPELINE.slice(0, SIGNATURE);
export const FROM_SIGNATURE = PIPELINE.slice(SIGNATURE);

/**
 * Runs the steps in order until one refuses. A fault that is no Refusal is a bug and passes through.
 * @param passed what the steps before these found
 */
export const runPipeline = (job: Job, under: Generation, pipeline = PIPELINE, passed: readonly StepEvidence[] = []): Run => {
  const steps = [...passed];
  for (const step of pipeline) {
    try {
      steps.push({ step: step.name, clause: step.clause, evidence: step.run(job, under) });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // A reason that the step does not own would make the table of steps a lie.
      if (!step.refuses.includes(error.reason)) throw new Error(`${step.name} refused with ${error.reason}`, { cause: error });
      const evidence = error.detail === undefined ? {} : { detail: error.detail };
      steps.push({ step: step.name, clause: step.clause, evidence: { reason: error.reason, ...evidence } });
      return { refusal: error, step, steps };
    }
  }
  return { refusal: null, steps };
};
