import { refuse } from '../../reasons/index.js';
import { OID, isShakenSpc, type Certificate } from '../../x509/index.js';
import type { ProfileFinding } from '../credential.js';
import { hasNumbers, spcsOf, type Shape } from './shape.js';

/**
 * ATIS-1000080: an NP's own credential as issued for calls: exactly one SPC, and no TNAuthList above. What the field is lax about is a
 * finding of `inspect`, not a refusal (standards: profiles).
 * @throws Refusal `tnauthlist-missing`, `profile-violation`, `malformed-tnauthlist`, `bad-policy`, `subject-spc-mismatch`; Unavailable `tnlist-unavailable`
 */
export const checkShaken = (
  { endEntity, certificates, listed, lists, constraints }: Shape,
  policies: readonly string[],
): ProfileFinding => {
  const above = listed.indexOf(true, 1);
  if (above > 0) return refuse('profile-violation', 'TNAuthList in a CA certificate', above);
  if (listed[0] !== true) return refuse('tnauthlist-missing', undefined, 0);
  const own = lists()[0] ?? [];
  const [spc, ...others] = spcsOf(own);
  if (spc === undefined || others.length > 0 || hasNumbers(own)) return refuse('profile-violation', 'not exactly one SPC', 0);
  if (!isShakenSpc(spc)) return refuse('malformed-tnauthlist', 'SPC', 0);
  checkPolicies(certificates, policies);
  checkCommonName(endEntity, spc);
  return { kind: 'np', spc, domains: [], mailbox: null, provider: null, constraints, below: 0 };
};

/** Exactly one accepted policy, and every CA below the anchor issues under it or under any. */
const checkPolicies = (certificates: readonly Certificate[], accepted: readonly string[]): void => {
  const [policy, ...more] = certificates[0]?.certificatePolicies ?? [];
  if (policy === undefined || more.length > 0 || !accepted.includes(policy)) return refuse('bad-policy', 'end-entity', 0);
  certificates.slice(1, -1).forEach(({ certificatePolicies }, i) => {
    const issuesUnder = certificatePolicies ?? [];
    if (!issuesUnder.includes(policy) && !issuesUnder.includes(OID.anyPolicy)) refuse('bad-policy', 'CA', i + 1);
  });
};

/** A common name that says SHAKEN must say whose; one that does not is not judged. */
const checkCommonName = ({ subject }: Certificate, spc: string): void => {
  for (const { oid, text } of subject.rdns.flat()) {
    const words = oid === OID.commonName && text !== null ? text.split(/\s+/) : [];
    if (words.some((word) => word.toUpperCase() === 'SHAKEN') && !words.includes(spc)) refuse('subject-spc-mismatch', undefined, 0);
  }
};
