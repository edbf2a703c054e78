import { mailDomainOf, tnOf } from '../identifiers/index.js';
import { refuse } from '../reasons/index.js';
import type { Scope } from './material.js';
import type { TrustProfile } from './verdict.js';

/**
 * Whether an anchor may speak for the SII (DESIGN section 5), so that one country's authority never moves another's numbers.
 * Of calling codes the longest that begins the number counts, among all that the profile's anchors name: where an anchor has 1242,
 * one with 1 does not speak for 1242. An SII of another kind than the profile's is left to `check-authority`.
 * @throws Refusal `anchor-out-of-scope`
 */
export const checkScope = (profile: TrustProfile, speaksFor: Scope, codes: ReadonlySet<string>, sii: string): void => {
  if (speaksFor === 'any') return;
  const tn = tnOf(sii);
  if ((tn === null) !== (profile === 'email')) return;
  const name = tn === null ? mailDomainOf(sii) : longestCode(tn, codes);
  if (name === null || !speaksFor.includes(name)) refuse('anchor-out-of-scope');
};

const longestCode = (tn: string, codes: ReadonlySet<string>): string | null => {
  for (let length = 7; length > 0; length -= 1) {
    const code = tn.slice(0, length);
    if (codes.has(code)) return code;
  }
  return null;
};

/** What is remembered of an SII to ask about scopes later: a mailbox's domain, or the calling code that counts; empty where none does. */
export const scopeNameOf = (sii: string, codes: ReadonlySet<string>): string => {
  const tn = tnOf(sii);
  return (tn === null ? mailDomainOf(sii) : longestCode(tn, codes)) ?? '';
};

/**
 * Whether an anchor may speak for SIIs of that name: for all of them, for none, or for some: then each must be looked at.
 * @param codes all names that the profile's anchors have now, which may be others than when the SII was
 */
export const coverageOf = (profile: TrustProfile, speaksFor: Scope, codes: ReadonlySet<string>, name: string): 'all' | 'none' | 'some' => {
  if (speaksFor === 'any') return 'all';
  if (profile === 'email') return speaksFor.includes(name) ? 'all' : 'none';
  const longer = [...codes].filter((code) => code !== name && code.startsWith(name));
  const own = longestCode(name, codes);
  const answers = [own, ...longer].map((code) => code !== null && speaksFor.includes(code));
  if (answers.every(Boolean)) return 'all';
  return answers.some(Boolean) ? 'some' : 'none';
};
