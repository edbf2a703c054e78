import { isFenced } from './admission.js';
import type { PreferEvent, Transition, TransitionContext } from './event.js';
import { PREFERENCE_MARK, isLater, withMark } from './order.js';
import { applied, refused } from './outcome.js';
import { userOf, type Preference, type Subject } from './subject.js';

const providersOf = (preference: Preference): string[] => Object.values(preference).filter((provider) => provider !== undefined);

/**
 * DESIGN section 7, prefer: sets the default of the purposes that it names, and leaves the others. Ordered against prefers alone, of any signer.
 * Who presents it and all whom it names must have a mapping now: a preference for nobody would come to life with a mapping that no user has chosen.
 */
export const prefer = (subject: Subject, event: PreferEvent, context: TransitionContext): Transition => {
  if (isFenced(subject, event)) return refused('credential-predates-assignment');
  const { iat, jti } = event;
  const mark = { provider: PREFERENCE_MARK, iat, jti };
  if (!isLater(subject, mark)) return refused('superseded');
  if (userOf(event.provider, event.ssi) === null) return refused('ap-mismatch');
  const isMapped = (provider: string): boolean => subject.mappings.some((mapping) => mapping.provider === provider);
  if (![event.provider, ...providersOf(event.preference)].every(isMapped)) return refused('preference-without-mapping');
  const order = withMark(subject, mark, context.time);
  if (order === null) return refused('mapping-limit', 'too many providers came and went lately');
  return applied({ ...subject, preference: { ...subject.preference, ...event.preference }, order, leafIndex: context.index });
};
