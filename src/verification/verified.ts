import type { PassportClaims } from '../passport/index.js';
import { classOf } from './credential-class.js';
import type { JudgedCredential } from './credential.js';
import type { Job } from './job.js';
import type { Generation } from './generation.js';
import type { Signer, VerifiedClaims, VerifiedPassport } from './verdict.js';

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

/** Made only once every step has passed. Digests are computed when they are asked for. */
export const verifiedPassport = ({ compact, header, claims, judged, authority }: Job, under: Generation): VerifiedPassport => ({
  claims: verifiedClaims(claims),
  signer: signerOf(judged, claims.iat, authority.domain),
  byReference: header.x5u !== null,
  get judgedUnder() {
    return { ...under.versions, providerOfRecord: authority.providerOfRecord, underPort: authority.underPort };
  },
  get origin() {
    return { class: classOf(judged, claims.sii, under), serial: judged.path.endEntity.serial };
  },
  get passportDigest() {
    return compact.passportDigest;
  },
  get signingDigest() {
    return compact.signingDigest;
  },
});
