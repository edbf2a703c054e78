export type { AcmeJournal } from './acme-journal.js';
export type { ClassStorage } from './class-storage.js';
export type { Clock, RandomSource, Timer, Waker } from './clock.js';
export type {
  ConfigurationControl,
  ConfigurationState,
  CrlHostState,
  CrlsState,
  FetchOctets,
  ReloadOutcome,
  NumberingFeedState,
  TrustListState,
} from './configuration.js';
export type { CredentialSource, FetchedChain } from './credential-source.js';
export type { FeedArchive } from './feed-archive.js';
export type { CrlArchive, KeptCrl } from './crl-archive.js';
export type { DocumentStorage, EvidenceRecord, EvidenceStorage, StoredDocument } from './evidence-storage.js';
export type { LogStorage, Register, SnapshotStorage, WalRecord, WriteAheadLog } from './log-storage.js';
export {
  PARTITIONS,
  StoreBehind,
  partitionOf,
  type MappingStore,
  type PartitionBatch,
  type PartitionRecords,
  type StoreWhole,
  type SubjectId,
} from './mapping-store.js';
export type { QuotaCharge, QuotaJournal, QuotaOutcome, QuotaStore } from './quota-store.js';
export type { SearchStorage } from './search-storage.js';
export type { RejectRecords } from './reject-records.js';
export type { NoteSigner, SignatureScheme, Signer } from './signer.js';
export type { StatusSource } from './status-source.js';
export type { CodeProof, EvidenceProof, SubscriberProof, SubscriberWish } from './subscriber-proof.js';
export type { Vault } from './vault.js';
export type { WitnessLink } from './witness.js';
export type { SendMessage, WebhookMessage } from './webhook-receiver.js';
