export { changeOf, type AnswerChange, type Question } from './answer-change.js';
export { portStands, preferenceStands, registrationOf, releaseStands, wasPending, withdrawalStands } from './effect.js';
export type {
  ConnectionWithdrawEvent,
  ExpireEvent,
  PortEvent,
  PreferEvent,
  RegisterEvent,
  RegistryEvent,
  ReleaseEvent,
  RevokeEvent,
  SweepEvent,
  Transition,
  TransitionContext,
  WithdrawEvent,
} from './event.js';
export { erase } from './erase.js';
export { ranOut } from './expire.js';
export { MAPPINGS_PER_PROVIDER, MAPPINGS_PER_SUBJECT, ORDER_MARKS_PER_SUBJECT, ORDER_MARK_MEMORY } from './limits.js';
export { packSubject } from './packing.js';
export { packedProviders, providersOf } from './providers.js';
export { HEAD_OCTETS, RecordTable, recordRuns } from './record-table.js';
export { fallsBy } from './revoke.js';
export { resolve, type Resolution, type ResolveQuery, type ResolvedMapping, type View } from './resolve.js';
export { asOf } from './settle.js';
export {
  NO_KEY,
  emptySubject,
  everyMapping,
  ssiOf,
  userOf,
  type AgreedPort,
  type Mapping,
  type OrderMark,
  type PortHalf,
  type PortTerms,
  type Preference,
  type Subject,
} from './subject.js';
export { transition } from './transition.js';
export { unpackSubject } from './unpacking.js';
