import { shortLivedSeconds } from '../policy/index.js';
import { STIR_RULES, judgeRevocation, type JudgedPath } from '../x509/index.js';
import type { Generation } from './generation.js';
import type { Evidence } from './step.js';
import type { TrustProfile } from './verdict.js';

export interface StatusFinding {
  readonly evidence: Evidence;
  /** Seconds, both inclusive. */
  readonly from: number;
  readonly until: number;
}

/**
 * The status of every certificate of a path but the anchor. Proves that no CRL at hand that counts lists one, not that none has been revoked since.
 * @param at seconds
 * @throws Refusal `cert-revoked`, `no-status-source`; Unavailable `status-unavailable`, `malformed-crl`
 */
export const checkStatus = (path: JudgedPath, profile: TrustProfile, at: number, { crls, policy }: Generation): StatusFinding => {
  const mode = policy.revocation[profile];
  const { certificates, from, until } = judgeRevocation({
    path: path.certificates,
    crls,
    rules: STIR_RULES,
    at: at * 1000,
    mode,
    shortLivedSeconds: shortLivedSeconds(policy, profile),
    crlAnchorsServePoints: policy.revocation.crlAnchorsServePoints.includes(profile),
  });
  return {
    evidence: {
      mode,
      certificates: certificates.map((found) => ({
        position: found.position,
        status: found.status,
        crls: found.crls.map((crl) => ({ ...crl })),
      })),
    },
    from,
    // RFC 5280 section 5.1.2.5: at nextUpdate the next one is out already.
    until: until === null ? Number.MAX_SAFE_INTEGER : until - 1,
  };
};
