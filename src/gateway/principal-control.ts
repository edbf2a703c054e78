import type { PrincipalTerms } from '../policy/index.js';
import type { Principal } from './use-cases.js';

/** A principal as configured: who it is, and what an operator says of its connections. */
export interface KnownPrincipal extends Principal {
  readonly isSuspended?: boolean;
  /** Base64 of SHA-256 of the SubjectPublicKeyInfo that its client certificates must have. */
  readonly clientKey?: string;
}

/** What is in force of a domain, and who said so. */
export interface PrincipalState {
  readonly domain: string;
  readonly terms: PrincipalTerms;
  /** Null: `principals.yaml` says so. Else the operator's domain, when, ms since 1970, and the leaf that says so. */
  readonly change: { readonly by: string; readonly at: number; readonly logIndex: number } | null;
}

export interface PrincipalChanged {
  /** Nobody of that name was known before. */
  readonly isNew: boolean;
  /** The leaf that this change made; null where it changed nothing. */
  readonly logged: { readonly logIndex: number; readonly receipt: string } | null;
}

/** Onboarding while the gateway runs. Changes take turns; what resolves is durable, in the log, and in force for every request that begins later. */
export interface PrincipalControl {
  /** Null: nobody of that name is known. */
  state(domain: string): PrincipalState | null;
  /**
   * Puts terms in force, or with null removes the principal for good: neither a reload nor a restart brings back what `principals.yaml` says of it.
   * What says again what an operator has said already makes no leaf.
   * @throws Refusal `own-principal`, `client-not-allowed` (who says so is no operator any more); Unavailable `log-unavailable` (not known to be durable)
   */
  change(domain: string, terms: PrincipalTerms | null, by: string): Promise<PrincipalChanged>;
}
