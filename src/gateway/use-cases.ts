import type { LeafFilter, Opening } from '../log/index.js';
import type { OffProfile, Reason } from '../reasons/index.js';
import type { Alarm } from './alarms.js';
import type { ChangeReader, FeedReader } from './change-feed.js';
import type { QuotaEpoch, QuotaTerms } from './quota.js';
import type { RejectState } from './reject-batches.js';
import type { ScanKind } from './scan-detectors.js';
import type { Versions } from '../verification/verdict.js';

/** An authenticated client. */
export interface Principal {
  readonly domain: string;
  readonly kind: 'ap' | 'np' | 'ep' | 'dp' | 'auditor' | 'operator';
  readonly class: 'consumer' | 'business' | null;
  /** SPC of an NP, or of the NP that operates an AP. */
  readonly spc: string | null;
}

/** The answer to an accepted PASSporT, as CONTRACT section 2 spells it. */
export interface Acceptance {
  readonly action: string;
  readonly logIndex: number;
  readonly leafHash: string;
  readonly receipt: string;
  /** Registered ahead of a port: nobody can read it before. */
  readonly pending?: true;
  readonly mapping?: { readonly sii: string; readonly ssi: string; readonly provider: string; readonly expires: string };
}

/** `findings`: what is off about the path that was judged; absent where there is nothing, or no path was judged. */
export type Submission = { readonly findings?: readonly OffProfile[] } & Outcome;

type Outcome =
  /** `first` is false for a retry that gets its first answer. */
  | { readonly outcome: 'accepted'; readonly first: boolean; readonly answer: Acceptance }
  | {
      readonly outcome: 'refused' | 'unavailable';
      readonly reason: Reason;
      readonly step: string | null;
      readonly clause: string;
      readonly detail: string | null;
      readonly logIndex: number | null;
      /** Where `logIndex` is a batch: which of its records. */
      readonly batchIndex?: number;
      readonly retryAfter: number | null;
    };

export interface LookupQuery {
  /** As the caller wrote it; folded to the canonical form. */
  readonly sii: string;
  readonly view?: 'consumer' | 'business' | 'all' | undefined;
  readonly circle?: string | undefined;
  /** The answer is to be signed: each mapping then names its entry of the log. */
  readonly signed?: true | undefined;
}

export interface LookupAnswer {
  readonly sii: string;
  readonly mappings: ReadonlyArray<{
    readonly ssi: string;
    readonly provider: string;
    readonly purpose: string;
    readonly kind: string;
    readonly default: boolean;
    readonly expires: string;
    /** Only to the mapping's own AP and to auditors, and in signed answers. */
    readonly logIndex?: number;
  }>;
  /** Seconds. */
  readonly ttl: number;
}

/** How a caller stands with its quota (docs/adr/0014). */
export interface QuotaStanding {
  /** Distinct SIIs in the epoch. */
  readonly limit: number;
  readonly used: number;
  readonly remaining: number;
  /** ms */
  readonly epoch: QuotaEpoch;
  /** Seconds until the next epoch. */
  readonly reset: number;
  /** The caller's SIIs with a mapping that counts. */
  readonly mappings: number;
  readonly terms: QuotaTerms;
  /** How many may be asked at once. */
  readonly bucket: number;
}

/** What shows a looker that a mapping stands on an accepted registration in the log. */
export interface AnsweredEntry {
  readonly index: number;
  /** The leaf, as it stands in the log. */
  readonly leaf: string;
  /** base64url: opens the leaf's commitments to SII and mapping. */
  readonly opening: string;
  /** tlog-proof text; or, until a checkpoint covers the entry, the log's receipt. */
  readonly proof?: string;
  readonly receipt?: string;
}

/** An answer that the discovery provider stands by (docs/adr/0024). */
export interface SignedAnswer extends LookupAnswer {
  readonly signed: {
    /** A signed note: `log/answer.ts`. */
    readonly statement: string;
    /** base64url: opens what the statement commits to. */
    readonly nonce: string;
    readonly asker: string;
    readonly view: string;
    readonly circle: string | null;
    /** The published checkpoint that the statement names. */
    readonly checkpoint: string;
    /** In the order of the mappings. */
    readonly entries: readonly AnsweredEntry[];
  };
}

export interface SignedLookup {
  readonly answer: SignedAnswer;
  readonly quota: QuotaStanding;
}

export interface Lookups {
  /** In the order of the queries. */
  readonly answers: LookupAnswer[];
  readonly quota: QuotaStanding;
}

/** Somebody's lookups look like a scan: whose, and by which test. */
export interface ScanAlarm {
  readonly client: string;
  readonly kind: ScanKind;
}

/** Since the start, over all callers; names nobody. */
export interface MeteringState {
  /** SIIs counted. */
  readonly counted: number;
  readonly alarms: Readonly<Record<ScanKind, number>>;
  /** Health of the caller that looks most like a scan, 0.1 to 1. */
  readonly leastHealth: number;
}

/** Answers that callers hold, over all callers; names nobody. Counts since the start but for `kept`. */
export interface HeldAnswersState {
  /** Held answers and changes that are kept for resumption. */
  readonly kept: number;
  readonly told: number;
  /** Answers with a ttl of 0 for want of room. */
  readonly unheld: number;
  /** Times that a caller was told to drop all. */
  readonly resets: number;
}

/** `logIndex`, `receipt`: of the leaf that says that the subject was forgotten, now or before; null: there is none. */
export interface Erasure {
  /** Whether there was anything to forget. */
  readonly erased: boolean;
  readonly logIndex: number | null;
  readonly receipt: string | null;
}

/** How many SIIs have a mapping, by calling code or `mail`, rounded down; most first. Names nobody. */
export interface CoverageState {
  /** ms */
  readonly time: number;
  readonly areas: ReadonlyArray<{ readonly area: string; readonly siis: number }>;
}

export interface Readiness {
  readonly ready: boolean;
  /** Which promise cannot be kept, in words for operators; carries nothing personal. */
  readonly problems: readonly string[];
}

/** Mappings that fell with their credential since the start, by what was done and why. */
export interface InvalidatedMappings {
  readonly effect: 'removed' | 'marked';
  readonly reason: Reason;
  readonly count: number;
}

/** How far stored mappings were judged again. */
export interface InvalidationState {
  /** A sweep is due or under way: what a later world took away may still resolve. */
  readonly pending: boolean;
  /** Why the last sweep did not end, in words for operators. */
  readonly problem: string | null;
  /** Mappings that the last walk met whose credential the log does not know: nothing can tell whether they stand. */
  readonly unknown: number;
  readonly mappings: readonly InvalidatedMappings[];
}

/** What is looked for in the log. */
export interface EntrySearch {
  readonly filter: LeafFilter;
  /** Entries about this SII; null: about any. */
  readonly sii: string | null;
  readonly newestFirst: boolean;
  readonly limit: number;
  /** Of the page before; null: from the beginning. */
  readonly cursor: string | null;
}

export interface FoundEntries {
  readonly entries: readonly { readonly index: number; readonly leaf: Uint8Array; readonly leafHash: Uint8Array }[];
  /** Null: there are no more. */
  readonly cursor: string | null;
  /** Log size that the search was made under. */
  readonly size: number;
}

export interface Monitored {
  readonly index: number;
  readonly leaf: Uint8Array;
  readonly leafHash: Uint8Array;
  /** tlog-proof text. */
  readonly proof: string;
}

/** What http/ calls. Everything that is not an outcome below is thrown: Refusal, Unavailable, or a fault. */
export interface Gateway {
  submit(passport: string, client: Principal): Promise<Submission>;
  withdraw(request: { readonly sii: string; readonly ssi: string }, client: Principal): Promise<{ logIndex: number; receipt: string }>;
  /** All of the queries or none. @throws Refusal `over-quota` (OverQuota), `malformed-request`; Unavailable `store-unavailable` */
  lookup(queries: readonly LookupQuery[], client: Principal): Promise<Lookups>;
  /**
   * As `lookup`, of one query, with the provider's word and what it stands on.
   * @throws also Refusal `answers-not-signed` by policy; Unavailable `overloaded` while nothing is published
   */
  lookupSigned(query: LookupQuery, client: Principal): Promise<SignedLookup>;
  /** @throws Unavailable `store-unavailable` */
  quota(client: Principal): Promise<QuotaStanding>;
  /**
   * The changes of answers that the client holds, after `after`, an id that it was given; null: all that are kept. `wake` is called when one comes.
   */
  changes(client: Pick<Principal, 'domain'>, after: string | null, wake: () => void): ChangeReader;
  readonly held: HeldAnswersState;
  /** Raw leaf of an entry and its hash. @throws Refusal `not-found` */
  entry(index: number): Promise<{ readonly leaf: Uint8Array; readonly leafHash: Uint8Array }>;
  /** A page of the entries that fit. @throws Refusal `malformed-request`; Unavailable `search-unavailable` */
  search(search: EntrySearch): Promise<FoundEntries>;
  /**
   * What was sealed beside an entry: for auditors, and the case ids of openings and erasures for operators too. `logIndex`: of the leaf that says so,
   * durable before this resolves.
   * @throws Refusal `case-id`, `client-not-allowed`, `not-found`, `entry-erased`, `evidence-expired`, `opening-limit`
   */
  open(index: number, caseId: string, client: Principal): Promise<Opening & { readonly index: number; readonly logIndex: number }>;
  /** Forgets a subject. @throws Refusal `case-id`, `malformed-request`; Unavailable `log-unavailable`, `store-unavailable` */
  erase(request: { readonly sii: string; readonly case: string }, client: Principal): Promise<Erasure>;
  readonly rejects: RejectState;
  /** A record of a batch leaf: what the leaf of that refusal would have been. @throws Refusal `not-found`, `records-expired`, `log-corrupt` */
  rejectRecord(index: number, position: number): Promise<Uint8Array>;
  /** Proof of the record in its batch and of the batch in the log. @throws as `rejectRecord` and `proof` */
  rejectProof(index: number, position: number): Promise<string>;
  /**
   * The published entries that a provider (SPC or domain, as leaves have it) signed, from an index on; returns from where to go on.
   * @throws Unavailable `search-unavailable`
   */
  monitor(name: string, from: number): AsyncGenerator<Monitored, number>;
  /** The alarms of a provider after `after`, an id that it was given; null: all that are kept. `wake` is called when one comes. */
  alarms(name: string, after: string | null, wake: () => void): FeedReader<Alarm>;
  /** tlog-proof text. @throws Refusal `not-found`, `not-published` */
  proof(index: number): Promise<string>;
  /** A published file by its path below the log prefix (`checkpoint`, `tile/0/000`), or null. */
  logFile(path: string): Promise<Uint8Array | null>;
  /** At most a minute old. @throws Unavailable `search-unavailable`, `store-unavailable` */
  coverage(): Promise<CoverageState>;
  /** A document that verdicts were made under, by its SHA-256 in lower-case hex; null: there is none. @throws Refusal `log-corrupt` */
  document(digest: string): Promise<Uint8Array | null>;
  readiness(): Promise<Readiness>;
  readonly invalidation: InvalidationState;
  readonly metering: MeteringState;
  versions(): Versions;
  readonly logSize: number;
}
