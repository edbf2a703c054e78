import type { JsonValue } from '../encoding/index.js';
import { DIGEST, isObjectOf, namesNobody, type KindMember } from './leaf-member.js';

/** What a `revoke` or `expire` leaf says beside the others: it is about many mappings at once, and names none. */
export interface LeafFell {
  /** Removed at once; marked: to be registered again within the grace period; expired: run out some time ago. */
  readonly eff: 'removed' | 'marked' | 'expired';
  /** How many mappings. */
  readonly n: number;
  /** Commitment to the list of them, which is sealed beside the leaf. */
  readonly list: string;
  /** SHA-256 of the CRL that lists the credential or a CA above it; null for another cause. */
  readonly crl: string | null;
  /** The CRLReason (RFC 5280 section 5.3.1) of that entry, `none` where it gives none; null where `crl` is. */
  readonly rsn: string | null;
}

/** One leaf covers at most so many: its list, 22 octets each, stays below 100 KB, and a lookup never waits long for one commit. */
export const MOST_FELL = 4096;

/** Those of RFC 5280 section 5.3.1 that revoke. */
const CRL_REASON =
  /^(?:none|unspecified|keyCompromise|cACompromise|affiliationChanged|superseded|cessationOfOperation|certificateHold|privilegeWithdrawn|aACompromise)$/;

const isFell = ({ eff, n, list, crl, rsn }: LeafFell): boolean =>
  (eff === 'removed' || eff === 'marked' || (eff === 'expired' && crl === null)) &&
  Number.isSafeInteger(n) &&
  n >= 1 &&
  n <= MOST_FELL &&
  DIGEST.test(list) &&
  (crl === null ? rsn === null : DIGEST.test(crl) && rsn !== null && CRL_REASON.test(rsn));

const text = (value: string | null): string => (value === null ? 'null' : `"${value}"`);

const serialiseFell = ({ eff, n, list, crl, rsn }: LeafFell): string =>
  `{"eff":"${eff}","n":${n},"list":"${list}","crl":${text(crl)},"rsn":${text(rsn)}}`;

const hasFellTypes = (value: JsonValue | undefined): boolean =>
  isObjectOf(value, 'eff,n,list,crl,rsn') &&
  typeof value['eff'] === 'string' &&
  typeof value['n'] === 'number' &&
  typeof value['list'] === 'string' &&
  ['crl', 'rsn'].every((name) => value[name] === null || typeof value[name] === 'string');

const isOfKind = (fell: LeafFell, isExpiry: boolean, why: string): boolean =>
  (why === 'OK') === isExpiry && (fell.eff === 'expired') === isExpiry;

/** Of `revoke` and `expire` leaves. */
export const FELL: KindMember = {
  name: 'fell',
  fits: (leaf) => leaf.fell !== undefined && isFell(leaf.fell) && isOfKind(leaf.fell, leaf.k === 'expire', leaf.why) && namesNobody(leaf),
  serialise: ({ fell }) => (fell === undefined ? 'null' : serialiseFell(fell)),
  hasTypes: hasFellTypes,
};
