import { parseX5u, verifyEs256 } from '../../passport/index.js';
import { Refusal, refuse } from '../../reasons/index.js';
import { fingerprintOf, type AccountKey } from './account-key.js';
import { parseAuthorityToken, type AuthorityToken } from './authority-token.js';
import { TN_AUTH_LIST } from './identifier.js';
import { spentKey } from './state.js';
import { findAuthority, type TokenAuthorityTrust, type TrustedAuthority } from './token-authorities.js';

/** A clock may be this far behind that of a token authority. */
const CLOCK_SKEW = 30;

/** What an authority token is held to. */
export interface ChallengeTerms {
  readonly account: AccountKey;
  /** base64url of the ordered TNAuthList. */
  readonly identifier: string;
  /** Seconds. */
  readonly now: number;
  readonly trusted: readonly TokenAuthorityTrust[];
  readonly isSpent: (token: string) => boolean;
}

/** What an accepted authority token says and is known by. */
export interface AcceptedToken {
  readonly ca: boolean;
  readonly spent: string;
  /** Seconds. */
  readonly spentUntil: number;
}

/** Where the path behind an x5u comes from; what it costs is `client`'s, an AP's domain. @throws Refusal `x5u-not-allowed`, `x5u-redirect`, `malformed-chain`; Unavailable `credential-unavailable` */
export type ChainSource = (url: string, client: string) => Promise<readonly Uint8Array[]>;

/** RFC 9448 section 6, step 1. @throws Refusal `authority-token-malformed` */
export const checkForm = (jwt: string): AuthorityToken => parseAuthorityToken(jwt);

/** Step 2: x5u is https and leads to a path. @throws Refusal `x5u-not-allowed`, as the source */
export const fetchCredential = (x5u: string, source: ChainSource, client: string): Promise<readonly Uint8Array[]> =>
  source(parseX5u(x5u), client);

/** Steps 2 and 3: the path, wherever it came from, is that of a trusted token authority. @throws Refusal `token-authority-untrusted` */
export const checkCredential = (path: readonly Uint8Array[], terms: ChallengeTerms): TrustedAuthority =>
  findAuthority(path, terms.now, terms.trusted);

/** Step 4. @throws Refusal `authority-token-signature` */
export const checkSignature = ({ signingInput, signature }: AuthorityToken, { certificate }: TrustedAuthority): void => {
  try {
    verifyEs256({ spki: certificate.publicKey.spki, message: signingInput, signature });
  } catch (error) {
    if (error instanceof Refusal) return refuse('authority-token-signature');
    throw error;
  }
};

/** Step 5: exactly this spelling, whatever RFC 9447 prints in its example. @throws Refusal `authority-token-type` */
export const checkType = ({ type }: AuthorityToken): void => {
  if (type !== TN_AUTH_LIST) refuse('authority-token-type');
};

/** Step 6: both are DER, so equal lists have equal octets. @throws Refusal `authority-token-value` */
export const checkValue = ({ value }: AuthorityToken, { identifier }: ChallengeTerms): void => {
  if (value !== identifier) refuse('authority-token-value');
};

/**
 * Step 7, with RFC 7519 sections 4.1.4 to 4.1.7. RFC 9447 section 3.3 lets an authority token serve several challenges; here one serves one, so that a copy
 * that was seen somewhere is worth nothing.
 * @throws Refusal `authority-token-expired`, `authority-token-replayed`
 */
export const checkUse = (token: AuthorityToken, { certificate }: TrustedAuthority, { now, isSpent }: ChallengeTerms): AcceptedToken => {
  const { exp, iat, nbf, jti, ca } = token;
  if (exp <= now) return refuse('authority-token-expired', 'exp');
  if (iat !== null && (iat > now + CLOCK_SKEW || iat >= exp)) return refuse('authority-token-expired', 'iat');
  if (nbf !== null && nbf > now + CLOCK_SKEW) return refuse('authority-token-expired', 'nbf');
  // The authority by its name, not its key: a renewed certificate must not make what was used new.
  const spent = spentKey(certificate.subject.der, jti);
  return isSpent(spent) ? refuse('authority-token-replayed') : { ca, spent, spentUntil: exp };
};

/** Step 8. @throws Refusal `authority-token-fingerprint` */
export const checkFingerprint = (token: AuthorityToken, authority: TrustedAuthority, { account }: ChallengeTerms): void => {
  if (token.fingerprint !== fingerprintOf(account, authority.fingerprint)) refuse('authority-token-fingerprint');
};

/** Step 9, once there is a request: a CA only where the token grants one, and nothing else where it does. @throws Refusal `authority-token-ca` */
export const checkCa = (granted: boolean, requested: boolean): void => {
  if (granted !== requested) refuse('authority-token-ca');
};

/**
 * RFC 9448 section 6, steps 1 to 8, in its order; step 9 is `checkCa` at finalize. `path` is what `x5u` led to, null where there is x5c.
 * Proves that a trusted authority said now, of this account's key, that it may have this list, and says so for the first time here.
 * @throws Refusal as the steps
 */
export const judgeToken = (token: AuthorityToken, path: readonly Uint8Array[] | null, terms: ChallengeTerms): AcceptedToken => {
  const authority = checkCredential(path ?? token.x5c ?? [], terms);
  checkSignature(token, authority);
  checkType(token);
  checkValue(token, terms);
  const accepted = checkUse(token, authority, terms);
  checkFingerprint(token, authority, terms);
  return accepted;
};
