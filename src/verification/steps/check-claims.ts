import { claimsOf } from '../../passport/index.js';
import { refuse } from '../../reasons/index.js';
import type { Step } from '../step.js';

export const checkClaimsStep: Step = {
  name: 'check-claims',
  clause: 'RFC 8225 section 5',
  asks: 'are the claims those of the action, well-formed, and for this discovery provider?',
  refuses: [
    'claim-not-allowed',
    'claim-missing',
    'claim-type',
    'claim-value',
    'bad-action',
    'bad-orig',
    'bad-dest',
    'bad-jti',
    'bad-exp',
    'non-canonical-tn',
    'non-canonical-uri',
    'aud-mismatch',
  ],
  run: (job, under) => {
    const claims = claimsOf(job.compact);
    job.claims = claims;
    // RFC 8725 section 3.9: compared as it stands; another case or a trailing slash is another audience.
    if (claims.aud !== under.policy.audience) return refuse('aud-mismatch');
    return { action: claims.action, aud: claims.aud };
  },
};
