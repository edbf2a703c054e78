export type { Alarm } from './alarms.js';
export type { Change, ChangeReader, FeedReader } from './change-feed.js';
export { fallenSince } from './fallen.js';
export { foldLog, type FoldSource } from './fold.js';
export { openGateway, type GatewayParts, type RunningGateway } from './gateway.js';
export { OverQuota } from './meter.js';
export { OpeningLimitReached } from './opening-limit.js';
export type { RejectState } from './reject-batches.js';
export type { RejectTerms } from './reject-budget.js';
export { FORMULA, type QuotaTerms } from './quota.js';
export type {
  Acceptance,
  EntrySearch,
  FoundEntries,
  Erasure,
  Gateway,
  HeldAnswersState,
  InvalidatedMappings,
  InvalidationState,
  LookupAnswer,
  LookupQuery,
  Lookups,
  Monitored,
  MeteringState,
  Principal,
  QuotaStanding,
  Readiness,
  ScanAlarm,
  Submission,
} from './use-cases.js';
export { eventTermsOf, type EventTerms, type World } from './world.js';
export type { KnownPrincipal, PrincipalChanged, PrincipalControl, PrincipalState } from './principal-control.js';
export { encodePrincipalChange, parsePrincipalChange, saysTheSame, type PrincipalChange } from './principal-record.js';
export type { WebhookControl } from './webhook-control.js';
export { Webhooks, type WebhookTarget, type WebhooksState } from './webhooks.js';
