export {
  AcmeClient,
  type AcmeClientOptions,
  type AuthorityTokenSource,
  type CredentialWish,
  type Enrolment,
  type EnrolmentKey,
  type FetchedCredential,
  type ObtainedCredential,
  type RenewalTerms,
} from './acme-client.js';
export { AcmeRefusal } from './acme-refusal.js';
export { type CheckedRegistration, type KeptRegistration, type RegistrationFault } from './registration-check.js';
export { ApClient, type Checking, type ClientOptions, type Query } from './ap-client.js';
export { ApiOverQuota, ApiRefusal, ApiUnavailable, NoAnswer, UnexpectedAnswer } from './api-refusal.js';
export { AttestationClient, type AttestationClientOptions, type Proof, type Wish } from './attestation-client.js';
export {
  AuditClient,
  type AuditOptions,
  type Entry,
  type Monitoring,
  type Proven,
  type ProvenRefusal,
  type SignedCheckpoint,
} from './audit-client.js';
export { type Acceptance, type Attested, type LookupAnswer, type PendingAttestation, type Quota, type Withdrawal } from './answers.js';
export { Connection, type Answer, type Call, type ConnectionOptions } from './connection.js';
export { type Invalidation } from './invalidations.js';
export { type WatchOptions } from './event-stream.js';
export { differenceOf, type Alarm, type ListedEntry, type MonitoredEntry } from './monitor.js';
export { type ImportLine } from './import-stream.js';
export { NpClient } from './np-client.js';
export { type OpenedEntry } from './opening.js';
export { checkReceipt } from './receipt.js';
export { type Patience } from './retry.js';
export { checkSignedAnswer, contradicts, type AnsweredEntry, type AnswerKeys, type SignedLookupAnswer } from './signed-answer.js';
export { type Submitted } from './submission.js';
export { dueAt, keepRenewed, type RenewingParts, type Validity } from './renewing.js';
export { readWebhook, type WebhookDelivery, type WebhookEvent } from './webhook.js';
