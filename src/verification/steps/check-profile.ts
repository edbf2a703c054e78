import type { Step } from '../step.js';

export const checkProfile: Step = {
  name: 'check-profile',
  clause: 'RFC 8226 section 8',
  asks: 'is the path of the shape that its trust profile demands?',
  refuses: [
    'bad-key-usage',
    'bad-eku',
    'bad-policy',
    'tnauthlist-critical',
    'tnauthlist-missing',
    'malformed-tnauthlist',
    'range-overflow',
    'tnlist-unavailable',
    'not-encompassed',
    'profile-violation',
    'subject-spc-mismatch',
    'malformed-claim-constraints',
    'email-out-of-scope',
  ],
  run: (job) => {
    if (job.failure !== null) throw job.failure.refusal;
    return job.judged.profileEvidence;
  },
};
