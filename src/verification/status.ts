import { shortLivedSeconds } from '../policy/index.js';
import { STIR_RULES, judgeRevocation, type JudgedPath, type OcspInput } from '../x509/index.js';
import type { Generation } from './generation.js';
import type { Evidence } from './step.js';
import type { TrustProfile } from './verdict.js';

export interface StatusFinding {
  readonly evidence: Evidence;
  /** Seconds, both inclusive. */
  readonly from: number;
  readonly until: number;
}

export interface StatusQuestion {
  readonly profile: TrustProfile;
  /** Seconds. */
  readonly at: number;
  readonly ocsp: OcspInput;
}

/**
 * The status of every certificate of a path but the anchor. Proves that no CRL and no OCSP response at hand that counts says that one is revoked, not
 * that none has been revoked since.
 * @throws Refusal `cert-revoked`, `no-status-source`; Unavailable `status-unavailable`, `malformed-crl`
 */
export const checkStatus = (path: JudgedPath, { profile, at, ocsp }: StatusQuestion, { crls, policy }: Generation): StatusFinding => {
  const mode = policy.revocation[profile];
  const { certificates, from, until } = judgeRevocation({
    path: path.certificates,
    crls,
    rules: STIR_RULES,
    at: at * 1000,
    mode,
    shortLivedSeconds: shortLivedSeconds(policy, profile),
    crlAnchorsServePoints: policy.revocation.crlAnchorsServePoints.includes(profile),
    ocsp,
  });
  return {
    evidence: {
      mode,
      certificates: certificates.map((found) => ({
        position: found.position,
        status: found.status,
        crls: found.crls.map((crl) => ({ ...crl })),
        ...(found.ocsp === undefined ? {} : { ocsp: { ...found.ocsp } }),
      })),
    },
    from,
    // RFC 5280 section 5.1.2.5: at nextUpdate the next one is out already.
    until: until === null ? Number.MAX_SAFE_INTEGER : until - 1,
  };
};
