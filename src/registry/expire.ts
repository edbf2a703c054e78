import type { ExpireEvent, Transition, TransitionContext } from './event.js';
import { applied, refused } from './outcome.js';
import { isLive } from './removal.js';
import { asOf, settle } from './settle.js';
import { everyMapping, type Mapping, type Subject } from './subject.js';

/** What is still stored of a subject though it has run out at `time`, ms, be it that the grace period of a port has, and the port is not settled in the store. */
export const ranOut = (subject: Subject, time: number): readonly Mapping[] => {
  const found = new Map<number, Mapping>();
  for (const mapping of [...everyMapping(subject), ...everyMapping(settle(subject, time))])
    if (!isLive(mapping, time)) found.set(mapping.leafIndex, mapping);
  return [...found.values()];
};

/** DESIGN section 7, expire: what no rule has seen since it ran out is no longer stored either. Nothing left of it is `superseded`. */
export const expire = (before: Subject, event: ExpireEvent, context: TransitionContext): Transition => {
  if (!ranOut(before, context.time).some(({ leafIndex }) => event.registrations.has(leafIndex))) return refused('superseded');
  return applied({ ...asOf(before, context.time), leafIndex: context.index });
};
