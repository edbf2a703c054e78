import { refuse } from '../../reasons/index.js';
import { Missing } from '../missing.js';
import type { Step } from '../step.js';

export const acquireCredential: Step = {
  name: 'acquire-credential',
  clause: 'RFC 7515 section 4.1.6',
  asks: 'is the path at hand, and the one that the PASSporT means?',
  refuses: ['credential-unavailable', 'x5u-not-allowed', 'x5u-redirect', 'credential-mismatch', 'malformed-chain'],
  run: (job) => {
    const { x5c, x5u } = job.header;
    if (job.input.unacquired !== undefined) throw job.input.unacquired;
    const chain = job.input.chain ?? null;
    if (chain === null) {
      // Verification fetches nothing: it says what it lacks, and whoever can have it calls again.
      if (x5c === null) throw new Missing('credential-unavailable', { kind: 'chain', url: x5u ?? '' });
      job.path = x5c;
      return { source: 'x5c', certificates: x5c.length };
    }
    const [endEntity] = chain;
    if (endEntity === undefined) return refuse('malformed-chain', 'empty');
    const signer = x5c?.[0];
    if (signer !== undefined && !signer.equals(endEntity)) return refuse('credential-mismatch');
    // Copies: the caches know octets by the object that holds them, and the caller's may change.
    job.path = chain.map((der) => new Uint8Array(der));
    return { source: 'chain', certificates: chain.length };
  },
};
