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
  /** Null: `principals.yaml` says so. Else the operator's domain, and when, ms since 1970. */
  readonly change: { readonly by: string; readonly at: number } | null;
}

/** Onboarding while the gateway runs. Changes take turns; what resolves is durable, and in force for every request that begins later. */
export interface PrincipalControl {
  /** Null: nobody of that name is known. */
  state(domain: string): PrincipalState | null;
  /**
   * Puts terms in force, or with null removes the principal for good: neither a reload nor a restart brings back what `principals.yaml` says of it.
   * `isNew`: nobody of that name was known before.
   * @throws Refusal `own-principal`, `client-not-allowed` (who says so is no operator any more); Unavailable `log-unavailable` (nothing is in force)
   */
  change(domain: string, terms: PrincipalTerms | null, by: string): Promise<{ readonly isNew: boolean }>;
}
