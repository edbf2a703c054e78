import { preferenceStands, registrationStands, releaseStands, withdrawalStands, type Subject } from '../registry/index.js';
import type { VerifiedClaims } from '../verification/index.js';

/** Whether what an accepted PASSporT did still holds: only then is its first answer given again (DESIGN section 7, replay). */
export const effectStands = (subject: Subject | null, claims: VerifiedClaims, leafIndex: number, time: number): boolean => {
  if (subject === null) return false;
  switch (claims.action) {
    case 'register':
      return registrationStands(subject, leafIndex, time);
    case 'withdraw':
      return claims.provider !== null && claims.ssi !== null && withdrawalStands(subject, claims.provider, claims.ssi, time);
    case 'release':
      return releaseStands(subject, claims.iat);
    case 'prefer':
      return claims.preference !== null && preferenceStands(subject, claims.jti, claims.preference);
    case 'port':
      return false;
  }
};
