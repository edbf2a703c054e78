import type { Versions } from '../verification/verdict.js';

/** A reload that was refused has changed nothing. `problems`: everything that is wrong, each with its file, in words for operators. */
export type ReloadOutcome = { readonly ok: true } | { readonly ok: false; readonly problems: readonly string[] };

/** What is known of one trust list. */
export interface TrustListState {
  readonly name: string;
  /** Of the list in force; null: none is. */
  readonly sequence: number | null;
  /** Seconds since 1970: when the list in force runs out; null: none is in force. */
  readonly until: number | null;
  /** Lists that were not put in force since the start: an older one, one that does not hold, none to be had. */
  readonly refused: { readonly rollback: number; readonly invalid: number; readonly unavailable: number };
}

/** What is known of one feed of numbering data. */
export interface NumberingFeedState {
  readonly name: string;
  /** Of the one in force; null: none is, and nobody is of record for its numbers. */
  readonly sequence: number | null;
  /** Seconds since 1970: when the one in force runs out; null: none is in force. */
  readonly until: number | null;
  readonly rows: number;
  /** What was offered since the start and not put in force: an older one, one that does not hold, none to be had. */
  readonly refused: { readonly rollback: number; readonly invalid: number; readonly unavailable: number };
}

/** What is known of the CRLs that are fetched from one host of the operator's policy. Times in seconds since 1970. */
export interface CrlHostState {
  readonly host: string;
  /** CRLs kept. */
  readonly kept: number;
  /** The oldest thisUpdate and the earliest nextUpdate of those kept; null: none is. */
  readonly thisUpdate: number | null;
  readonly nextUpdate: number | null;
}

/** What is known of the CRLs that are fetched. */
export interface CrlsState {
  readonly hosts: readonly CrlHostState[];
  /** Fetches since the start, by outcome. */
  readonly fetches: Readonly<Record<string, number>>;
}

/** What is known of the configuration in force; nothing in it is personal. */
export interface ConfigurationState {
  /** Digests of what verdicts are made under now. */
  readonly versions: Versions;
  /** When it came into force, ms since 1970. */
  readonly since: number;
  /** Reloads since the start. */
  readonly reloads: { readonly done: number; readonly refused: number };
  /** Why what is on disk is not what is in force; empty when it is. */
  readonly refused: readonly string[];
  readonly lists: readonly TrustListState[];
  readonly feeds: readonly NumberingFeedState[];
  readonly crls: CrlsState;
  /** What an operator should mend though every promise is kept, in words: `refused`, and what trust lists and CRLs lack. */
  readonly remarks: readonly string[];
}

/** The configuration of a running gateway: read whole, in force whole. */
export interface ConfigurationControl {
  /**
   * Reads every file again and swaps everything at once, or keeps everything as it was. Calls take turns. When it resolves to ok, no verdict that
   * begins later is made under what was in force before.
   */
  reload(): Promise<ReloadOutcome>;
  state(): ConfigurationState;
}

export interface FetchBudget {
  readonly maxOctets: number;
  /** For everything together. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * The whole body behind an https URL of an outside host, at most so many octets; nothing of it is verified. Follows no redirect, and never connects
 * to an address of this network. Rejects with an Error whose message says which way it failed, and nothing of the URL.
 */
export type FetchOctets = (url: string, options: FetchBudget) => Promise<Uint8Array>;
