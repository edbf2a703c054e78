import { refuse } from '../../reasons/index.js';
import { checkEncompassing, isBound, type ClaimConstraints, type TnEntry } from '../../x509/index.js';
import type { ProfileFinding } from '../credential.js';
import { hasNumbers, spcsOf, type Shape } from './shape.js';

/**
 * RFC 9060: an NP's own credential, or one that it delegated. Proves that each TNAuthList is within those above it and who stands at the top,
 * not that the NP holds any number.
 * @throws Refusal `tnauthlist-missing`, `profile-violation`, `not-encompassed`; Unavailable `tnlist-unavailable`
 */
export const checkDelegate = ({ certificates, listed, lists: read, constraints }: Shape): ProfileFinding => {
  if (listed[0] !== true) return refuse('tnauthlist-missing', undefined, 0);
  const top = listed.lastIndexOf(true);
  // RFC 9060 section 4: a delegate's parent has a TNAuthList, and so on up: a gap would let a CA without one hand on what it never had.
  if (top === 0) return refuse('profile-violation', 'no TNAuthList above the end-entity', 0);
  const gap = listed.indexOf(false);
  if (gap >= 0 && gap < top) return refuse('profile-violation', 'a parent without TNAuthList', gap);
  const lists = read();
  const own = lists[0] ?? [];
  const [spc, ...others] = spcsOf(lists[top] ?? []);
  if (spc === undefined || others.length > 0) return refuse('profile-violation', 'the topmost TNAuthList has not exactly one SPC', top);
  checkEncompassing(certificates, lists);
  const bound = checkNumbersBound(own, constraints);
  const isNp = spcsOf(own).length > 0;
  const provider = isNp ? null : (bound?.provider ?? null);
  // Below the NP's own SPC certificate: those under the lowest certificate that has its SPC.
  const below = lists.findIndex((list) => list !== null && spcsOf(list).includes(spc));
  return { kind: isNp ? 'np' : 'delegate', spc, domains: [], mailbox: null, provider, constraints, below: isNp ? 0 : below };
};

/** An NP that forgets the extension must not hand out its own powers. @throws Refusal `profile-violation` */
export const checkNumbersBound = (own: readonly TnEntry[], constraints: ClaimConstraints | null): ReturnType<typeof isBound> => {
  const bound = isBound(constraints);
  if (hasNumbers(own) && bound === null) refuse('profile-violation', 'numbers without binding claim constraints', 0);
  return bound;
};
