import type { Reason } from '../reasons/index.js';
import type { PendingPort } from '../verification/verdict.js';
import type { PortEvent, PreferEvent, RegisterEvent, RegistryEvent, SweepEvent, TransitionContext, WithdrawEvent } from './event.js';
import { isLater } from './order.js';
import type { Subject } from './subject.js';

/**
 * DESIGN section 3, "judged at the commit": the verdict stands only under the versions, the provider of record and the agreed port that it was made under.
 * `subject` is as of now.
 */
export const hasMoved = (subject: Subject | null, event: RegistryEvent | SweepEvent, context: TransitionContext): boolean => {
  if (event.type === 'withdraw-by-connection' || event.type === 'expire') return false;
  const { judgedUnder } = event;
  const { versions } = context;
  return (
    judgedUnder.trust !== versions.trust ||
    judgedUnder.revocation !== versions.revocation ||
    judgedUnder.numbering !== versions.numbering ||
    judgedUnder.policy !== versions.policy ||
    (event.type !== 'revoke' &&
      (event.judgedUnder.providerOfRecord !== context.providerOfRecord(subject?.record ?? null) ||
        !isAgreed(subject, event.judgedUnder.underPort)))
  );
};

/** The port that the verdict relies on, if it does on one, is agreed still, and has not come. */
const isAgreed = (subject: Subject | null, port: PendingPort | null): boolean =>
  port === null || (subject?.port?.to === port.to && subject.port.effective === port.effective);

/** DESIGN section 7, fence: the same second is not later. */
export const isFenced = (subject: Subject, { signer, iat }: RegisterEvent | WithdrawEvent | PreferEvent | PortEvent): boolean =>
  subject.fence > 0 && (signer.assignedAfter <= subject.fence || iat <= subject.fence);

/**
 * The step check-order. The fence comes first: whatever others did since, a credential of an earlier assignment has no say.
 */
export const objectionTo = (subject: Subject, event: RegisterEvent | WithdrawEvent): Reason | null => {
  if (isFenced(subject, event)) return 'credential-predates-assignment';
  return isLater(subject, event) ? null : 'superseded';
};
