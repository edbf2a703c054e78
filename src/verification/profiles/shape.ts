import { refuse } from '../../reasons/index.js';
import { KEY_USAGE, OID, claimConstraintsOf, type Certificate, type ClaimConstraints, type TnEntry } from '../../x509/index.js';
import { checkListForm, hasTnAuthList, readLists, type FetchedLists, type PathLists } from '../tn-lists.js';

/** What every profile reads of a path: end-entity first, anchor last. */
export interface Shape {
  readonly endEntity: Certificate;
  readonly certificates: readonly Certificate[];
  /** Whether each certificate has a TNAuthList, by value or by reference. */
  readonly listed: readonly boolean[];
  /** Asked only where the profile reads them: a list by reference may have to be fetched. @throws Unavailable `tnlist-unavailable` */
  readonly lists: () => PathLists['lists'];
  readonly constraints: ClaimConstraints | null;
}

/**
 * What all four trust profiles demand of a path beyond RFC 5280 (standards: stir 3, 97-102, 104-105, 141; profiles).
 * @throws Refusal `bad-key-usage`, `bad-eku`, `tnauthlist-critical`, `malformed-tnauthlist`, `range-overflow`, `malformed-claim-constraints`,
 *   `profile-violation`
 */
export const checkShape = (certificates: readonly Certificate[], extendedKeyUsages: readonly string[], fetched: FetchedLists): Shape => {
  const endEntity = certificates[0] ?? refuse('profile-violation', 'empty');
  checkKeyUsage(endEntity);
  checkExtendedKeyUsage(endEntity, extendedKeyUsages);
  certificates.forEach((certificate, position) => {
    checkListUncritical(certificate, position);
    if (position > 0) checkUnconstrained(certificate, position);
  });
  checkListForm(certificates);
  return {
    endEntity,
    certificates,
    listed: certificates.map(hasTnAuthList),
    lists: () => readLists(certificates, fetched).lists,
    constraints: claimConstraintsOf(endEntity, 0),
  };
};

/** RFC 5280 section 4.2.1.3; ATIS-1000080 section 6.4.1: critical, digitalSignature and nothing else. @throws Refusal `bad-key-usage` */
export const checkKeyUsage = (endEntity: Certificate): void => {
  if (!endEntity.isCritical(OID.keyUsage) || endEntity.keyUsage?.bits !== KEY_USAGE.digitalSignature) refuse('bad-key-usage', undefined, 0);
};

/** A certificate for TLS must not sign PASSporTs: its key is elsewhere too. @throws Refusal `bad-eku` */
export const checkExtendedKeyUsage = (endEntity: Certificate, allowed: readonly string[]): void => {
  if (endEntity.extKeyUsage?.some((usage) => !allowed.includes(usage)) === true) refuse('bad-eku', undefined, 0);
};

/** RFC 8226 section 9. @throws Refusal `tnauthlist-critical` */
export const checkListUncritical = (certificate: Certificate, position: number): void => {
  if (certificate.isCritical(OID.tnAuthList)) refuse('tnauthlist-critical', undefined, position);
};

/** RFC 8226 section 8: end-entities only; on a CA constraints would bind nobody, and look as if they did. @throws Refusal `profile-violation` */
export const checkUnconstrained = (authority: Certificate, position: number): void => {
  const { extensions } = authority;
  if (extensions.has(OID.jwtClaimConstraints) || extensions.has(OID.enhancedJwtClaimConstraints))
    refuse('profile-violation', 'claim constraints in a CA certificate', position);
};

export const spcsOf = (entries: readonly TnEntry[]): string[] => entries.flatMap((entry) => ('spc' in entry ? [entry.spc] : []));
export const hasNumbers = (entries: readonly TnEntry[]): boolean => entries.some((entry) => !('spc' in entry));
