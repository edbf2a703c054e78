export { preferenceStands, registrationStands, releaseStands, withdrawalStands } from './effect.js';
export type {
  ConnectionWithdrawEvent,
  PreferEvent,
  RegisterEvent,
  RegistryEvent,
  ReleaseEvent,
  RevokeEvent,
  Transition,
  TransitionContext,
  WithdrawEvent,
} from './event.js';
export { MAPPINGS_PER_PROVIDER, MAPPINGS_PER_SUBJECT, ORDER_MARKS_PER_SUBJECT, ORDER_MARK_MEMORY } from './limits.js';
export { packSubject } from './packing.js';
export { HEAD_OCTETS, RecordTable, recordRuns } from './record-table.js';
export { fallsBy } from './revoke.js';
export { resolve, type Resolution, type ResolveQuery, type ResolvedMapping, type View } from './resolve.js';
export { emptySubject, ssiOf, userOf, type Mapping, type OrderMark, type Preference, type Subject } from './subject.js';
export { transition } from './transition.js';
export { unpackSubject } from './unpacking.js';
