import { checkEncompassing } from '../../x509/index.js';
import type { ProfileFinding } from '../credential.js';
import type { Shape } from './shape.js';

/** Who keeps the numbering plan. A TNAuthList is not needed; one that is there must be within those above, and cover the number. @throws Refusal `not-encompassed`; Unavailable `tnlist-unavailable` */
export const checkNumberingAuthority = ({ certificates, lists, constraints }: Shape): ProfileFinding => {
  checkEncompassing(certificates, lists());
  return { kind: 'numbering-authority', spc: null, domains: [], mailbox: null, provider: null, constraints, below: 0 };
};
