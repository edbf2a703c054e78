import type { Reason } from '../reasons/index.js';
import type { Listed } from '../x509/index.js';

/** Why a credential no longer stands, and what that does to the mappings that it registered. */
export interface Fall {
  readonly effect: 'removed' | 'marked';
  /** Seconds: what was registered earlier is marked only; null: nothing is spared. Of `removed` alone. */
  readonly since: number | null;
  /** With which a PASSporT of that credential would be refused now. */
  readonly reason: Reason;
  /** Lower-case hex SHA-256 of the CRL that lists it; null for another cause. */
  readonly crl: string | null;
  /** CRLReason of the entry, `none` where it gives none; null where `crl` is. */
  readonly crlReason: string | null;
}

/** DESIGN section 7, revoke: compromise, mis-issue, an unspecified or no reason; after the others the key was never in wrong hands. */
const REMOVING: ReadonlySet<string> = new Set([
  'none',
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'aACompromise',
  'privilegeWithdrawn',
]);

export const removed = (reason: Reason): Fall => ({ effect: 'removed', since: null, reason, crl: null, crlReason: null });

export const marked = (reason: Reason): Fall => ({ ...removed(reason), effect: 'marked' });

export const fallOf = ({ crl, revocation }: Listed): Fall => {
  const crlReason = revocation.reason ?? 'none';
  const removes = REMOVING.has(crlReason);
  return {
    effect: removes ? 'removed' : 'marked',
    since: removes ? revocation.invalidityDate : null,
    reason: 'cert-revoked',
    crl: crl.digest,
    crlReason,
  };
};

const severity = ({ effect, since }: Fall): number => (effect === 'marked' ? -Infinity : -(since ?? 0));

/** The fall that does most; of equals the first. */
export const worstOf = (falls: readonly (Fall | null)[]): Fall | null =>
  falls.reduce((worst, fall) => (fall !== null && (worst === null || severity(fall) > severity(worst)) ? fall : worst), null);
