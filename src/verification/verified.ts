import type { CompactPassport, PassportClaims } from '../passport/index.js';
import type { JudgedCredential } from './credential.js';
import type { Job } from './job.js';
import type { Generation } from './generation.js';
import type { JudgedUnder, Signer, VerifiedClaims, VerifiedPassport } from './verdict.js';

export const verifiedClaims = (claims: PassportClaims): VerifiedClaims => {
  const { action, sii, ssi, provider, purpose, kind, circle, consent, preference, from, to, effective, iat, exp, jti } = claims;
  return { action, sii, ssi, provider, purpose, kind, circle, consent, preference, from, to, effective, iat, exp, jti };
};

/** Who signed, as far as the path proves. `domain`: that of the SII once authority over it is proven, else the first that is named. */
export const signerOf = (credential: JudgedCredential, iat: number, domain: string | null): Signer => ({
  kind: credential.kind,
  profile: credential.profile,
  spc: credential.spc,
  domain: domain ?? credential.domains[0] ?? credential.mailbox?.slice(credential.mailbox.lastIndexOf('@') + 1) ?? null,
  spkiDigest: credential.spkiDigest,
  assignedAfter: credential.notBeforeBelow ?? iat,
  fingerprints: credential.fingerprints,
  personal: credential.personal,
});

/** Made only once every step has passed. The digests are computed when they are asked for. */
class Verified implements VerifiedPassport {
  readonly claims: VerifiedClaims;
  readonly signer: Signer;
  readonly judgedUnder: JudgedUnder;
  readonly #compact: CompactPassport;

  constructor({ compact, claims, judged, authority }: Job, { versions }: Generation) {
    this.claims = verifiedClaims(claims);
    this.signer = signerOf(judged, claims.iat, authority.domain);
    this.judgedUnder = { ...versions, providerOfRecord: authority.providerOfRecord };
    this.#compact = compact;
  }

  get passportDigest(): Uint8Array {
    return this.#compact.passportDigest;
  }

  get signingDigest(): Uint8Array {
    return this.#compact.signingDigest;
  }
}

export const verifiedPassport = (job: Job, under: Generation): VerifiedPassport => new Verified(job, under);
