import { refuse } from '../../reasons/index.js';
import type { Step } from '../step.js';

export const acquireCredential: Step = {
  name: 'acquire-credential',
  clause: 'RFC 7515 section 4.1.6',
  asks: 'is the path at hand, and the one that the PASSporT means?',
  refuses: ['credential-unavailable', 'credential-mismatch', 'malformed-chain'],
  run: (job) => {
    const { x5c } = job.header;
    const chain = job.input.chain ?? null;
    if (chain === null) {
      // Verification fetches nothing: whoever calls it has, or could not.
      if (x5c === null) return refuse('credential-unavailable');
      job.path = x5c;
      return { source: 'x5c', certificates: x5c.length };
    }
    const [endEntity] = chain;
    if (endEntity === undefined) return refuse('malformed-chain', 'empty');
    const signer = x5c?.[0];
    if (signer !== undefined && !signer.equals(endEntity)) return refuse('credential-mismatch');
    job.path = chain;
    return { source: 'chain', certificates: chain.length };
  },
};
