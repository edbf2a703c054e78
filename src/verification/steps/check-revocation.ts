import { statusRefusal } from '../status-needs.js';
import type { Step } from '../step.js';

export const checkRevocation: Step = {
  name: 'check-revocation',
  clause: 'RFC 5280 section 6.3',
  asks: 'has every certificate a status now, and is none revoked?',
  refuses: ['cert-revoked', 'status-unavailable', 'malformed-crl', 'no-status-source'],
  run: (job) => {
    const { failure } = job;
    if (failure === null) return job.judged.revocationEvidence;
    if (failure.step === 'check-revocation') throw statusRefusal(job, failure);
    return failure.revocationEvidence;
  },
};
