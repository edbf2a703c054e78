import { checkClaimConstraints } from '../../x509/index.js';
import type { Step } from '../step.js';

export const checkClaimConstraintsStep: Step = {
  name: 'check-claim-constraints',
  clause: 'RFC 9118 section 4',
  asks: 'does the credential permit these claims?',
  refuses: ['claim-constraint'],
  run: ({ compact, judged }) => (judged.constraints === null ? { form: null } : checkClaimConstraints(judged.constraints, compact.payload)),
};
