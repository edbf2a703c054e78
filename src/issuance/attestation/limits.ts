import type { RateLimit } from './rate.js';

export interface AttestationLimits {
  /** Proofs that an AP may begin, whatever comes of them: also how fast it can ask whose a number is. */
  readonly perClient: RateLimit;
  /** Wrong codes of an AP: what is left after the mistakes of people would be guessing. */
  readonly wrongCodes: RateLimit;
  /** Codes to one SII for one AP, and for all APs together. */
  readonly codesPerClient: RateLimit;
  readonly codesPerSii: RateLimit;
  /** Codes that are out. */
  readonly pending: { readonly inAll: number; readonly perClient: number; readonly perSii: number };
}

/** @param perHour proofs that an AP may begin */
export const limitsFor = (perHour: number): AttestationLimits => ({
  perClient: { perHour, burst: Math.max(1, Math.floor(perHour / 10)) },
  // One in five proofs with a mistake is many.
  wrongCodes: { perHour: Math.max(20, perHour / 5), burst: Math.max(20, Math.floor(perHour / 10)) },
  // Three texts are what a person puts up with; six, so that one AP alone cannot keep all others from a number.
  codesPerClient: { perHour: 3, burst: 3 },
  codesPerSii: { perHour: 6, burst: 6 },
  pending: { inAll: 10_000, perClient: 1_000, perSii: 6 },
});

export const ATTESTATION_LIMITS: AttestationLimits = limitsFor(600);

/** How long a code is good: as long as it takes to find the phone. */
export const PROOF_LIFETIME = 600_000;
/** Wrong codes after which a proof is dead. */
export const ATTEMPTS = 5;
/** Keys that each rate remembers; some 10 MB. */
export const RATE_KEYS = 100_000;
