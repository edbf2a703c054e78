import type { ReleaseEvent, Transition, TransitionContext } from './event.js';
import { applied, refused } from './outcome.js';
import { emptySubject, type Subject } from './subject.js';

/**
 * DESIGN section 7, release: removes all mappings and preferences, also those registered after the release was signed: nobody can outrun it.
 * A release is ordered against releases alone. The fence is the floor of every later signed event, so marks at or below it are spent;
 * a withdrawal by connection may have ended a later second, and its mark stays.
 */
export const release = (before: Subject | null, event: ReleaseEvent, context: TransitionContext): Transition => {
  const subject = before ?? emptySubject(context.keySlot);
  if (event.iat <= subject.fence) return refused('superseded');
  return applied({
    ...subject,
    mappings: [],
    preference: null,
    fence: event.iat,
    quarantined: true,
    order: subject.order.filter((mark) => mark.iat > event.iat),
    leafIndex: context.index,
  });
};
