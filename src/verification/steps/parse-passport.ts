import { parseCompact } from '../../passport/index.js';
import type { Step } from '../step.js';

export const parsePassportStep: Step = {
  name: 'parse-passport',
  clause: 'RFC 7515 section 5.2',
  asks: 'is it one compact JWS in the deterministic form?',
  refuses: [
    'token-required',
    'token-too-large',
    'malformed-token',
    'compact-form-not-allowed',
    'malformed-claims',
    'duplicate-member',
    'non-canonical',
  ],
  run: (job, under) => {
    const { passport, parsed = null } = job.input;
    // Of the very same text: what it parses to follows from it alone.
    job.compact = parsed !== null && parsed.text === passport ? parsed : parseCompact(passport, under.headers);
    return { octets: job.compact.text.length };
  },
};
