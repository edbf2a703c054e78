import { checkClaims, type PassportClaims } from './claims.js';
import { parseCompact, type CompactPassport } from './compact.js';
import { checkHeader, type PassportHeader } from './header.js';
import type { HeaderCache } from './header-cache.js';

/** A well-formed PASSporT of the profile that nothing has been proven about. */
export interface UnverifiedPassport {
  readonly header: PassportHeader;
  readonly claims: PassportClaims;
  /** Received octets of header "." payload: what was signed. */
  readonly signingInput: Buffer;
  readonly signature: Buffer;
  /** SHA-256 of the compact text. */
  readonly passportDigest: Buffer;
  /** SHA-256 of the signing input. */
  readonly signingDigest: Buffer;
}

/**
 * Parses a compact PASSporT of the profile. Proves its shape alone: not who signed it, not for whom, not when.
 * @throws Refusal every reason of `parseCompact`, `checkHeader` and `checkClaims`, in that order
 */
export const parsePassport = (value: unknown, cache?: HeaderCache): UnverifiedPassport => {
  const compact = parseCompact(value, cache);
  const header = headerOf(compact, cache);
  const { signingInput, signature, passportDigest, signingDigest } = compact;
  return { header, claims: claimsOf(compact), signingInput, signature, passportDigest, signingDigest };
};

/** The checked claims of a compact PASSporT, judged once. @throws Refusal as `checkClaims` */
export const claimsOf = (compact: CompactPassport): PassportClaims => (compact.claims ??= checkClaims(compact.payload));

/** The checked header of a compact PASSporT, judged once per header text. @throws Refusal as `checkHeader` */
export const headerOf = ({ header }: CompactPassport, cache?: HeaderCache): PassportHeader =>
  (header.checked ??= checkHeader(header.members, cache?.entries));
