/** What a subscriber is to agree to: that this AP may be found under the SII, as that SSI. */
export interface SubscriberWish {
  /** Canonical: `tel:+12025550100` or `mailto:alice@example.com`. */
  readonly sii: string;
  readonly ssi: string;
  /** The AP that asked, by its client certificate; host of the SSI. */
  readonly provider: string;
  readonly purpose: 'consumer' | 'business';
  readonly kind: 'user' | 'service';
  /** base64url of 32 octets; null: whoever looks finds it. */
  readonly circle: string | null;
}

/**
 * Sends a text to whoever holds the SII; a code in it that comes back shows that they read it, and no more.
 * `send` resolves when the text was taken, and also when the SII cannot be reached, so that nobody learns which it was.
 */
export interface CodeProof {
  readonly consent: 'otp';
  /**
   * @param id the same for each attempt at one message, so that the other side can drop a second one
   * @throws Unavailable `proof-unavailable` when it is not known to have been taken
   */
  send(sii: string, text: string, id: string): Promise<void>;
}

/**
 * Judges what an AP brings along. Resolves only if the evidence shows the wish: of `sim`, that the bearer's phone has the number now; of `operator`,
 * that the subscriber, signed in at the provider, agreed to this very wish. A piece of evidence serves once; one that failed for want of an answer
 * may come again.
 */
export interface EvidenceProof {
  readonly consent: 'sim' | 'operator';
  /**
   * @throws Refusal `proof-malformed`, `proof-failed`, `proof-mismatch`, `proof-expired`, `proof-replayed`
   * @throws Unavailable `proof-unavailable`, `overloaded`: nothing was decided
   */
  verify(wish: SubscriberWish, evidence: string): Promise<void>;
}

export type SubscriberProof = CodeProof | EvidenceProof;
