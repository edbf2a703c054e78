import { hasMoved } from './admission.js';
import type { RegistryEvent, RevokeEvent, Transition, TransitionContext } from './event.js';
import { prefer } from './prefer.js';
import { register } from './register.js';
import { release } from './release.js';
import { revoke } from './revoke.js';
import type { Subject } from './subject.js';
import { withdraw, withdrawByConnection } from './withdraw.js';

/**
 * What an accepted event makes of a subject (DESIGN section 7): the whole of the state rules, pure and total.
 * Refuses with `superseded`, `credential-predates-assignment`, `mapping-limit` or `preference-without-mapping`; `moved` asks to judge again (DESIGN section 3).
 * Not proven here: that the signer had authority (the pipeline), and that the PASSporT is spent once (the sequencer's check-replay).
 */
export const transition = (subject: Subject | null, event: RegistryEvent | RevokeEvent, context: TransitionContext): Transition => {
  if (hasMoved(event, context)) return { outcome: 'moved' };
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
    case 'revoke':
      return revoke(subject, event, context);
  }
};
