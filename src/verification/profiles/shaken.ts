import { refuse } from '../../reasons/index.js';
import { OID, isShakenSpc, type Certificate, type TnEntry } from '../../x509/index.js';
import type { ProfileFinding } from '../credential.js';
import { hasNumbers, spcsOf, type Shape } from './shape.js';

/**
 * ATIS-1000080: an NP's own credential as issued for calls: exactly one SPC, and no TNAuthList above. What the field is lax about is a
 * finding, not a refusal (docs/findings.md).
 * @throws Refusal `tnauthlist-missing`, `profile-violation`, `malformed-tnauthlist`, `bad-policy`, `subject-spc-mismatch`; Unavailable `tnlist-unavailable`
 */
export const checkShaken = (
  { endEntity, certificates, listed, lists, constraints }: Shape,
  policies: readonly string[],
): ProfileFinding => {
  const above = listed.indexOf(true, 1);
  if (above > 0) return refuseList(above);
  if (listed[0] !== true) return refuse('tnauthlist-missing', undefined, 0);
  const spc = checkOneSpc(lists()[0] ?? []);
  const policy = checkOwnPolicy(endEntity, policies);
  certificates.slice(1, -1).forEach((authority, i) => checkIssuesUnder(authority, [policy], i + 1));
  checkCommonName(endEntity, spc);
  return { kind: 'np', spc, domains: [], mailbox: null, provider: null, constraints, below: 0 };
};

/** @throws Refusal `profile-violation` */
export const refuseList = (position: number): never => refuse('profile-violation', 'TNAuthList in a CA certificate', position);

/** The one SPC of an end-entity's list. @throws Refusal `profile-violation`, `malformed-tnauthlist` */
export const checkOneSpc = (own: readonly TnEntry[]): string => {
  const [spc, ...others] = spcsOf(own);
  if (spc === undefined || others.length > 0 || hasNumbers(own)) return refuse('profile-violation', 'not exactly one SPC', 0);
  return isShakenSpc(spc) ? spc : refuse('malformed-tnauthlist', 'SPC', 0);
};

/** Exactly one policy, and an accepted one. @throws Refusal `bad-policy` */
export const checkOwnPolicy = ({ certificatePolicies }: Certificate, accepted: readonly string[]): string => {
  const [policy, ...more] = certificatePolicies ?? [];
  return policy === undefined || more.length > 0 || !accepted.includes(policy) ? refuse('bad-policy', 'end-entity', 0) : policy;
};

/** A CA below the anchor issues under one of these policies, or under any. @throws Refusal `bad-policy` */
export const checkIssuesUnder = ({ certificatePolicies }: Certificate, policies: readonly string[], position: number): void => {
  const under = certificatePolicies ?? [];
  if (!under.includes(OID.anyPolicy) && !policies.some((policy) => under.includes(policy))) refuse('bad-policy', 'CA', position);
};

/** A common name that says SHAKEN must say whose; one that does not is not judged. @throws Refusal `subject-spc-mismatch` */
export const checkCommonName = ({ subject }: Certificate, spc: string): void => {
  for (const { oid, text } of subject.rdns.flat()) {
    const words = oid === OID.commonName && text !== null ? text.split(/\s+/) : [];
    if (words.some((word) => word.toUpperCase() === 'SHAKEN') && !words.includes(spc)) refuse('subject-spc-mismatch', undefined, 0);
  }
};
