import { objectionTo } from './admission.js';
import type { ConnectionWithdrawEvent, Transition, TransitionContext, WithdrawEvent } from './event.js';
import { connectionMark, withMark } from './order.js';
import { applied, refused } from './outcome.js';
import { keepMappings } from './removal.js';
import { ssiOf, type Subject } from './subject.js';

const withoutSsi = (subject: Subject, provider: string, ssi: string): Subject =>
  keepMappings(subject, (mapping) => mapping.provider !== provider || ssiOf(mapping) !== ssi);

/** DESIGN section 7, withdraw: removes every mapping of that provider and SSI, of any purpose and circle. Nothing to remove is no refusal. */
export const withdraw = (subject: Subject, event: WithdrawEvent, context: TransitionContext): Transition => {
  const objection = objectionTo(subject, event);
  if (objection !== null) return refused(objection);
  const { provider, iat, jti } = event;
  const order = withMark(subject, { provider, iat, jti }, context.time);
  if (order === null) return refused('mapping-limit', 'too many providers came and went lately');
  return applied({ ...withoutSsi(subject, provider, event.ssi), order, leafIndex: context.index });
};

/** DESIGN section 7: giving up needs no credential, so neither fence nor order can refuse it. */
export const withdrawByConnection = (subject: Subject, event: ConnectionWithdrawEvent, context: TransitionContext): Transition => {
  const mark = connectionMark(subject, event.provider, context.time);
  // A full list has no mark of this provider, hence no mapping of it: there is nothing that giving up could fail to remove.
  const order = withMark(subject, mark, context.time) ?? subject.order;
  return applied({ ...withoutSsi(subject, event.provider, event.ssi), order, leafIndex: context.index });
};
