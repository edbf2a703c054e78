import { asOf, portStands, preferenceStands, registrationOf, releaseStands, withdrawalStands, type Subject } from '../registry/index.js';
import type { VerifiedClaims } from '../verification/index.js';

/** What an effect is recognised by. */
export type EffectClaims = Pick<VerifiedClaims, 'action' | 'provider' | 'ssi' | 'iat' | 'jti' | 'preference' | 'from' | 'to' | 'effective'>;

/** Whether what an accepted PASSporT did still holds at `time`, ms: only then is its first answer given again (DESIGN section 7, replay). */
export const effectStands = (stored: Subject | null, claims: EffectClaims, leafIndex: number, time: number): boolean => {
  if (stored === null) return false;
  const subject = asOf(stored, time);
  const { from, to, effective } = claims;
  switch (claims.action) {
    case 'register':
      return registrationOf(subject, leafIndex) !== undefined;
    case 'withdraw':
      return claims.provider !== null && claims.ssi !== null && withdrawalStands(subject, claims.provider, claims.ssi);
    case 'release':
      return releaseStands(subject, claims.iat);
    case 'prefer':
      return claims.preference !== null && preferenceStands(subject, claims.jti, claims.preference);
    case 'port':
      return (
        from !== null &&
        to !== null &&
        effective !== null &&
        portStands(subject, { from, to, effective }, claims.jti, Math.floor(time / 1000))
      );
  }
};
