import type { ReleaseEvent, Transition, TransitionContext } from './event.js';
import { applied, refused } from './outcome.js';
import type { Subject } from './subject.js';

/**
 * DESIGN section 7, release: removes all mappings and preferences, also those registered after the release was signed: nobody can outrun it.
 * A release is ordered against releases alone. The fence is the floor of every later signed event, so marks at or below it are spent;
 * a withdrawal by connection may have ended a later second, and its mark stays. What one side said of a port before is spent too; what was agreed is not
 * the releasing NP's alone to undo.
 */
export const release = (subject: Subject, event: ReleaseEvent, context: TransitionContext): Transition => {
  if (event.iat <= subject.fence) return refused('superseded');
  return applied({
    ...subject,
    mappings: [],
    preference: null,
    fence: event.iat,
    quarantined: true,
    port: subject.port === null ? null : { ...subject.port, pending: [] },
    halves: subject.halves.filter((half) => half.iat > event.iat),
    order: subject.order.filter((mark) => mark.iat > event.iat),
    leafIndex: context.index,
  });
};
