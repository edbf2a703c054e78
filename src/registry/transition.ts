import { hasMoved } from './admission.js';
import type { RegistryEvent, SweepEvent, Transition, TransitionContext } from './event.js';
import { expire } from './expire.js';
import { refused } from './outcome.js';
import { port } from './port.js';
import { prefer } from './prefer.js';
import { register } from './register.js';
import { release } from './release.js';
import { revoke } from './revoke.js';
import { asOf } from './settle.js';
import { NO_KEY, emptySubject, type Subject } from './subject.js';
import { withdraw, withdrawByConnection } from './withdraw.js';

/**
 * What an accepted event makes of a subject (DESIGN section 7): the whole of the state rules, pure and total. Every rule sees the subject as of now.
 * Refuses with `superseded`, `credential-predates-assignment`, `mapping-limit`, `preference-without-mapping` or `claim-value`; `moved` asks to judge again
 * (DESIGN section 3).
 * Not proven here: that the signer had authority (the pipeline), and that the PASSporT is spent once (the sequencer's check-replay).
 */
export const transition = (before: Subject | null, event: RegistryEvent | SweepEvent, context: TransitionContext): Transition => {
  const subject = before === null ? null : asOf(before, context.time);
  if (hasMoved(subject, event, context)) return { outcome: 'moved' };
  if (event.type === 'expire') return before === null ? refused('superseded') : expire(before, event, context);
  if (event.type === 'revoke') return subject === null ? refused('superseded') : revoke(subject, event, context);
  return ofSubject(withKey(subject ?? emptySubject(NO_KEY), context), event, context);
};

/** A subject that is new or was erased takes the key of the event. */
const withKey = (subject: Subject, { keySlot }: TransitionContext): Subject =>
  subject.keySlot === NO_KEY ? { ...subject, keySlot } : subject;

const ofSubject = (subject: Subject, event: RegistryEvent, context: TransitionContext): Transition => {
  switch (event.type) {
    case 'register':
      return register(subject, event, context);
    case 'withdraw':
      return withdraw(subject, event, context);
    case 'withdraw-by-connection':
      return withdrawByConnection(subject, event, context);
    case 'prefer':
      return prefer(subject, event, context);
    case 'release':
      return release(subject, event, context);
    case 'port':
      return port(subject, event, context);
  }
};
