import { Refusal, refuse } from '../../reasons/index.js';
import { verifyPath } from '../../verification/index.js';
import type { TrustProfile } from '../../verification/verdict.js';
import { claimConstraintsOf, parseCertificate, tnAuthListOf, type Certificate } from '../../x509/index.js';
import type { FingerprintForm } from './account-key.js';

/** How the certificate of a token authority is told from others below the same anchor. */
export type AuthorityName = { readonly spc: string } | { readonly dns: string };

/** A token authority that the provider trusts. */
export interface TokenAuthorityTrust {
  readonly name: AuthorityName;
  /** DER. */
  readonly anchors: readonly Uint8Array[];
  readonly crls: readonly Uint8Array[];
  readonly profile: 'rfc5280' | TrustProfile;
  readonly revocation: 'off' | 'when-named' | 'required';
  /** Deployed tooling computes it over SPKI; RFC 9448 section 5.4 over the JWK. */
  readonly fingerprint: FingerprintForm;
}

const isNamed = (certificate: Certificate, name: AuthorityName): boolean => {
  if ('spc' in name) return (tnAuthListOf(certificate) ?? []).some((entry) => 'spc' in entry && entry.spc === name.spc);
  const names = certificate.subjectAltName?.filter(({ kind }) => kind === 'dNSName') ?? [];
  return names.length === 1 && names.every((only) => 'text' in only && only.text === name.dns);
};

/** What stands above an anchor vouches for it to others; here the anchor is trusted by itself. */
const upToAnchor = (path: readonly Uint8Array[], anchors: readonly Uint8Array[]): readonly Uint8Array[] => {
  const last = path.findIndex((der) => anchors.some((anchor) => Buffer.compare(anchor, der) === 0));
  return last < 0 ? path : path.slice(0, last + 1);
};

const check = (path: readonly Uint8Array[], now: number, trust: TokenAuthorityTrust): Certificate => {
  const { accepted, reason } = verifyPath({
    id: 'token authority',
    path: upToAnchor(path, trust.anchors),
    anchors: trust.anchors,
    crls: trust.crls,
    at: new Date(now * 1000).toISOString(),
    profile: trust.profile,
    revocation: trust.revocation,
  });
  if (!accepted) return refuse('token-authority-untrusted', reason ?? 'path');
  const certificate = parseCertificate(path[0] ?? Buffer.alloc(0));
  // A credential bound to an AP signs that AP's PASSporTs; below the same CA it must not sign what its holder may be given next.
  if (claimConstraintsOf(certificate) !== null) return refuse('token-authority-untrusted', 'bound to an AP');
  return isNamed(certificate, trust.name) ? certificate : refuse('token-authority-untrusted', 'name');
};

/** A path that one of the trusted authorities answers for. */
export interface TrustedAuthority {
  readonly certificate: Certificate;
  readonly fingerprint: FingerprintForm;
}

/**
 * Finds the authority that a token's path belongs to, by the project's own path validation under that authority's anchors.
 * `now` in seconds. Proves who vouches for the key; not that the key signed anything.
 * @throws Refusal `token-authority-untrusted`, with what the first authority's path lacks
 */
export const findAuthority = (path: readonly Uint8Array[], now: number, trusted: readonly TokenAuthorityTrust[]): TrustedAuthority => {
  let first: Refusal | null = null;
  for (const trust of trusted) {
    try {
      return { certificate: check(path, now, trust), fingerprint: trust.fingerprint };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      first ??= error;
    }
  }
  throw first ?? new Refusal('token-authority-untrusted', 'none is trusted');
};
