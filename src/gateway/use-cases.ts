import type { OffProfile, Reason } from '../reasons/index.js';
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
      readonly retryAfter: number | null;
    };

export interface LookupQuery {
  /** As the caller wrote it; folded to the canonical form. */
  readonly sii: string;
  readonly view?: 'consumer' | 'business' | 'all' | undefined;
  readonly circle?: string | undefined;
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
    /** Only to the mapping's own AP and to auditors. */
    readonly logIndex?: number;
  }>;
  /** Seconds. */
  readonly ttl: number;
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

/** What http/ calls. Everything that is not an outcome below is thrown: Refusal, Unavailable, or a fault. */
export interface Gateway {
  submit(passport: string, client: Principal): Promise<Submission>;
  withdraw(request: { readonly sii: string; readonly ssi: string }, client: Principal): Promise<{ logIndex: number; receipt: string }>;
  lookup(queries: readonly LookupQuery[], client: Principal): Promise<LookupAnswer[]>;
  /** Raw leaf of an entry and its hash. @throws Refusal `not-found` */
  entry(index: number): Promise<{ readonly leaf: Uint8Array; readonly leafHash: Uint8Array }>;
  /** tlog-proof text. @throws Refusal `not-found`, `not-published` */
  proof(index: number): Promise<string>;
  /** A published file by its path below the log prefix (`checkpoint`, `tile/0/000`), or null. */
  logFile(path: string): Promise<Uint8Array | null>;
  readiness(): Promise<Readiness>;
  readonly invalidation: InvalidationState;
  versions(): Versions;
  readonly logSize: number;
}
