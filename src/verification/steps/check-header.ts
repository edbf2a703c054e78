import { headerOf, type PassportHeader } from '../../passport/index.js';
import type { Evidence, Step } from '../step.js';

const evidenceOf = ({ x5c, x5u }: PassportHeader): Evidence =>
  x5c === null ? { alg: 'ES256', ppt: 'mimi', x5u } : { alg: 'ES256', ppt: 'mimi', x5c: x5c.length };

export const checkHeaderStep: Step = {
  name: 'check-header',
  clause: 'RFC 8225 section 4',
  asks: 'is the header exactly that of the profile, with one credential?',
  refuses: [
    'alg-not-allowed',
    'wrong-typ',
    'unsupported-ppt',
    'crit-unsupported',
    'header-not-allowed',
    'credential-missing',
    'x5u-not-allowed',
    'malformed-chain',
  ],
  run: (job, under) => {
    job.header = headerOf(job.compact, under.headers);
    return evidenceOf(job.header);
  },
};
