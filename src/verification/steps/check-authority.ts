import { findAuthority } from '../authority.js';
import type { Step } from '../step.js';

export const checkAuthority: Step = {
  name: 'check-authority',
  clause: 'RFC 8226 section 9',
  asks: 'is the number or mailbox within the credential, and is the provider above it the one of record?',
  refuses: ['authority-type-mismatch', 'spc-unknown', 'status-unavailable', 'tn-out-of-scope', 'email-out-of-scope'],
  run: (job, under) => {
    job.authority = findAuthority(job, under);
    return job.authority.evidence;
  },
};
