import { PREFERENCE_MARK } from './order.js';
import { PREFERENCES } from './packed-form.js';
import { everyMapping, ssiOf, type Mapping, type PortTerms, type Preference, type Subject } from './subject.js';

/** DESIGN section 7, replay: a retry gets its first answer as long as its effect stands. Subjects are as of now. */

/** The mapping as the leaf `leafIndex` made it: not refreshed, removed or run out since; pending or not. */
export const registrationOf = (subject: Subject | null, leafIndex: number): Mapping | undefined =>
  subject === null ? undefined : everyMapping(subject).find((mapping) => mapping.leafIndex === leafIndex);

/** Whether that mapping, registered at second `at`, was registered ahead of a port. */
export const wasPending = ({ record, port }: Subject, mapping: Mapping, at: number): boolean =>
  port?.pending.includes(mapping) === true || (record !== null && at < record.since && mapping.authority === record.spc && !mapping.attest);

/** No mapping of that provider and SSI has come back. */
export const withdrawalStands = (subject: Subject | null, provider: string, ssi: string): boolean =>
  subject === null || !everyMapping(subject).some((mapping) => mapping.provider === provider && ssiOf(mapping) === ssi);

/** That prefer is the last one, and nothing that it set was taken away since. */
export const preferenceStands = (subject: Subject | null, jti: string, preference: Preference): boolean =>
  (subject?.order.some((mark) => mark.provider === PREFERENCE_MARK && mark.jti === jti) ?? false) &&
  PREFERENCES.every((member) => preference[member] === undefined || subject?.preference?.[member] === preference[member]);

/** That release is the last one, and nothing was registered since. */
export const releaseStands = (subject: Subject | null, iat: number): boolean =>
  subject !== null && subject.fence === iat && subject.quarantined;

/** That half waits, at second `now`, or what it speaks of is agreed, or was the last port to be settled. */
export const portStands = (subject: Subject, { from, to, effective }: PortTerms, jti: string, now: number): boolean => {
  const { port, record, halves } = subject;
  if (port !== null && port.from === from && port.to === to && port.effective === effective) return true;
  if (record !== null && record.spc === to && record.since === effective) return true;
  return halves.some((half) => half.jti === jti && half.until > now);
};
