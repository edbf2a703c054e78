import type { Versions } from '../verification/verdict.js';

/** A reload that was refused has changed nothing. `problems`: everything that is wrong, each with its file, in words for operators. */
export type ReloadOutcome = { readonly ok: true } | { readonly ok: false; readonly problems: readonly string[] };

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
