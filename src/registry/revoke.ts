import type { RevokeEvent, Transition, TransitionContext } from './event.js';
import { applied, refused } from './outcome.js';
import { isLive, keepMappings } from './removal.js';
import { everyMapping, type Mapping, type Subject } from './subject.js';

/** Whether the event has an effect on a mapping: it is named, lives, and was not marked before. `time` in ms. */
export const fallsBy = ({ registrations, effect }: RevokeEvent, mapping: Mapping, time: number): boolean =>
  registrations.has(mapping.leafIndex) && isLive(mapping, time) && (effect === 'removed' || !mapping.attest);

/**
 * DESIGN section 7, revoke: what the credential registered is removed, or stays for the grace period to be registered again.
 * Order marks and fence stay: a PASSporT that was refused before is refused still. Nothing left to do is `superseded`.
 */
export const revoke = (subject: Subject, event: RevokeEvent, context: TransitionContext): Transition => {
  const falls = (mapping: Mapping): boolean => fallsBy(event, mapping, context.time);
  if (!everyMapping(subject).some(falls)) return refused('superseded');
  const next = event.effect === 'removed' ? keepMappings(subject, (mapping) => !falls(mapping)) : marked(subject, falls, event.attestBy);
  return applied({ ...next, leafIndex: context.index });
};

const marked = (subject: Subject, falls: (mapping: Mapping) => boolean, attestBy: number): Subject => {
  const mark = (mapping: Mapping): Mapping =>
    falls(mapping) ? { ...mapping, attest: true, expires: Math.min(mapping.expires, attestBy) } : mapping;
  const { mappings, port } = subject;
  return { ...subject, mappings: mappings.map(mark), port: port === null ? null : { ...port, pending: port.pending.map(mark) } };
};
