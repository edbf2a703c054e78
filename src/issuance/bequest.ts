import { refuse } from '../reasons/index.js';
import { claimConstraintsOf, type Certificate } from '../x509/index.js';

/** RFC 5280 section 4.2.1.4: no policy in particular, so nothing to hand down. */
const ANY_POLICY = '2.5.29.32.0';

/** What a CA's own path leaves to all that the CA issues: nothing of it may be widened. */
export interface Bequest {
  /** Seconds: when the first certificate of the path runs out. */
  readonly notAfter: number;
  /** Seconds: when the last of them begins. */
  readonly notBefore: number;
  /** How many CAs may follow below; null: any number. */
  readonly authorities: number | null;
  readonly policies: readonly string[];
}

/** RFC 5280 section 4.2.1.9: a pathLenConstraint counts the CAs between, and those of the path stand between already. */
const authoritiesBelow = (path: readonly Certificate[]): number | null => {
  const limits = path.flatMap(({ basicConstraints }, above) => {
    const pathLength = basicConstraints?.pathLength ?? null;
    return pathLength === null ? [] : [pathLength - above];
  });
  return limits.length === 0 ? null : Math.min(...limits);
};

/**
 * Read from the path of a CA, its own certificate first, without the anchor.
 * @throws Refusal `not-a-ca`, `path-length` when the path could hold no end-entity, `profile-violation` for claim constraints on a CA: they bind an
 *   end-entity alone (RFC 9118 section 3), so no verifier of ours takes such a path
 */
export const bequestOf = (path: readonly Certificate[]): Bequest => {
  path.forEach((certificate, position) => {
    if (certificate.basicConstraints?.ca !== true) refuse('not-a-ca', undefined, position);
    if (claimConstraintsOf(certificate, position) !== null) refuse('profile-violation', 'claim constraints on a CA', position);
  });
  const authorities = authoritiesBelow(path);
  if (authorities !== null && authorities < 0) refuse('path-length');
  return {
    notAfter: Math.min(...path.map((certificate) => certificate.notAfter)),
    notBefore: Math.max(...path.map((certificate) => certificate.notBefore)),
    authorities,
    policies: (path[0]?.certificatePolicies ?? []).filter((policy) => policy !== ANY_POLICY),
  };
};
