import { isLive } from './removal.js';
import { PREFERENCE_MARK } from './order.js';
import { PREFERENCES } from './packed-form.js';
import { ssiOf, type Preference, type Subject } from './subject.js';

/** DESIGN section 7, replay: a retry gets its first answer as long as its effect stands. `now` in ms. */

/** The mapping is as the leaf `leafIndex` made it: not refreshed, removed or run out since. */
export const registrationStands = (subject: Subject | null, leafIndex: number, now = 0): boolean =>
  subject?.mappings.some((mapping) => mapping.leafIndex === leafIndex && isLive(mapping, now)) ?? false;

/** No mapping of that provider and SSI has come back. */
export const withdrawalStands = (subject: Subject | null, provider: string, ssi: string, now = 0): boolean =>
  !(subject?.mappings.some((mapping) => mapping.provider === provider && ssiOf(mapping) === ssi && isLive(mapping, now)) ?? false);

/** That prefer is the last one, and nothing that it set was taken away since. */
export const preferenceStands = (subject: Subject | null, jti: string, preference: Preference): boolean =>
  (subject?.order.some((mark) => mark.provider === PREFERENCE_MARK && mark.jti === jti) ?? false) &&
  PREFERENCES.every((member) => preference[member] === undefined || subject?.preference?.[member] === preference[member]);

/** That release is the last one, and nothing was registered since. */
export const releaseStands = (subject: Subject | null, iat: number): boolean =>
  subject !== null && subject.fence === iat && subject.quarantined;
