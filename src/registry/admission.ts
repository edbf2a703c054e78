import type { Reason } from '../reasons/index.js';
import type { PreferEvent, RegisterEvent, RegistryEvent, RevokeEvent, TransitionContext, WithdrawEvent } from './event.js';
import { isLater } from './order.js';
import type { Subject } from './subject.js';

/** DESIGN section 3, "judged at the commit": the verdict stands only under the versions and the provider of record that it was made under. */
export const hasMoved = (event: RegistryEvent | RevokeEvent, context: TransitionContext): boolean => {
  if (event.type === 'withdraw-by-connection') return false;
  const { judgedUnder } = event;
  const { versions } = context;
  return (
    judgedUnder.trust !== versions.trust ||
    judgedUnder.revocation !== versions.revocation ||
    judgedUnder.numbering !== versions.numbering ||
    judgedUnder.policy !== versions.policy ||
    (event.type !== 'revoke' && event.judgedUnder.providerOfRecord !== context.providerOfRecord)
  );
};

/** DESIGN section 7, fence: the same second is not later. */
export const isFenced = (subject: Subject, { signer, iat }: RegisterEvent | WithdrawEvent | PreferEvent): boolean =>
  subject.fence > 0 && (signer.assignedAfter <= subject.fence || iat <= subject.fence);

/**
 * The step check-order. The fence comes first: whatever others did since, a credential of an earlier assignment has no say.
 */
export const objectionTo = (subject: Subject, event: RegisterEvent | WithdrawEvent): Reason | null => {
  if (isFenced(subject, event)) return 'credential-predates-assignment';
  return isLater(subject, event) ? null : 'superseded';
};
