import { isLive } from './removal.js';
import { ssiOf, type Subject } from './subject.js';

/** DESIGN section 7, replay: a retry gets its first answer as long as its effect stands. `now` in ms. */

/** The mapping is as the leaf `leafIndex` made it: not refreshed, removed or run out since. */
export const registrationStands = (subject: Subject | null, leafIndex: number, now = 0): boolean =>
  subject?.mappings.some((mapping) => mapping.leafIndex === leafIndex && isLive(mapping, now)) ?? false;

/** No mapping of that provider and SSI has come back. */
export const withdrawalStands = (subject: Subject | null, provider: string, ssi: string, now = 0): boolean =>
  !(subject?.mappings.some((mapping) => mapping.provider === provider && ssiOf(mapping) === ssi && isLive(mapping, now)) ?? false);

/** That release is the last one, and nothing was registered since. */
export const releaseStands = (subject: Subject | null, iat: number): boolean =>
  subject !== null && subject.fence === iat && subject.quarantined;
