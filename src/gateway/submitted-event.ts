import { REASONS, type Reason } from '../reasons/index.js';
import type { RegistryEvent } from '../registry/index.js';
import type { NotAccepted, VerifiedClaims, VerifiedPassport } from '../verification/index.js';
import type { Principal } from './use-cases.js';
import type { World } from './world.js';

/**
 * profiles: release, port and a withdraw by the NP or EP of record come from the principal with that SPC or domain. The numbering authority is no
 * principal: its word comes from an NP that it concerns, or from who operates the gateway.
 */
export const presenterMisfit = ({ claims, signer }: VerifiedPassport, client: Principal): Reason | null => {
  if (claims.provider !== null && claims.provider === client.domain) return null;
  if (signer.kind === 'numbering-authority') return client.kind === 'operator' || isConcerned(claims, client) ? null : 'ap-mismatch';
  const own = signer.spc !== null ? client.spc === signer.spc : signer.domain !== null && client.domain === signer.domain;
  return own ? null : 'ap-mismatch';
};

const isConcerned = ({ from, to }: VerifiedClaims, { kind, spc }: Principal): boolean =>
  kind === 'np' && spc !== null && (spc === from || spc === to);

/** Each action's event. @throws Error when a claim of the action is not there: `check-claims` never lets that through */
export const eventOf = (
  { claims, signer, judgedUnder }: VerifiedPassport,
  client: Principal,
  { ports }: Pick<World, 'ports'>,
): RegistryEvent => {
  const { sii, iat, exp, jti, provider, ssi, purpose, kind, circle, preference, from, to, effective } = claims;
  const base = { sii, iat, exp, jti, signer, judgedUnder };
  if (claims.action === 'release') return { type: 'release', ...base };
  if (claims.action === 'port' && from !== null && to !== null && effective !== null)
    return { type: 'port', ...base, from, to, effective, pairBy: iat + ports.pairing, attestBy: effective + ports.grace };
  if (provider !== null && ssi !== null) {
    if (claims.action === 'withdraw') return { type: 'withdraw', ...base, provider, ssi };
    if (claims.action === 'prefer' && preference !== null) return { type: 'prefer', ...base, provider, ssi, preference };
    if (claims.action === 'register' && purpose !== null)
      return { type: 'register', ...base, provider, ssi, purpose, kind, circle, operator: client.spc };
  }
  throw new Error(`a ${claims.action} was accepted without its claims`);
};

/** The refusal of a PASSporT that the pipeline has accepted, and that this client may not present. */
export const misfitVerdict = (verified: VerifiedPassport, reason: Reason): NotAccepted => ({
  accepted: false,
  family: 'refused',
  reason,
  step: 'check-presenter',
  clause: REASONS[reason].clause,
  detail: null,
  steps: [],
  findings: [],
  retryAfter: null,
  needs: null,
  parsed: null,
  known: {
    action: verified.claims.action,
    sii: verified.claims.sii,
    ssi: verified.claims.ssi,
    signer: verified.signer,
    passportDigest: verified.passportDigest,
  },
  versions: verified.judgedUnder,
});
