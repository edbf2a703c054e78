import { verifyPassportSignature } from '../../passport/index.js';
import { refuse } from '../../reasons/index.js';
import type { Step } from '../step.js';

export const verifySignature: Step = {
  name: 'verify-signature',
  clause: 'RFC 7515 section 5.2',
  asks: 'did the end-entity key sign the octets as received?',
  refuses: ['bad-signature'],
  run: ({ compact, judged, signatureHolds }) => {
    if (signatureHolds === null) verifyPassportSignature(judged.key, compact);
    else if (!signatureHolds) return refuse('bad-signature');
    return judged.signatureEvidence;
  },
};
