/** A CRL as it was fetched and found to be its issuer's. */
export interface KeptCrl {
  readonly url: string;
  /** DER. */
  readonly crl: Uint8Array;
  /** DER of the certificates that came with it, the signer first; empty where the signer was known. */
  readonly signers: readonly Uint8Array[];
  /** ms since 1970. */
  readonly fetchedAt: number;
}

/**
 * The last good CRL of each place, beyond restarts: what keeps an older one from being taken again.
 * Durability: `save` resolves once the CRL is on the disk. Atomicity: after a crash the old one or the new one, whole. One caller at a time for one URL.
 */
export interface CrlArchive {
  /** What is whole; `damaged` names in words for operators what is not. */
  load(): Promise<{ readonly kept: readonly KeptCrl[]; readonly damaged: readonly string[] }>;
  /** @throws Unavailable when it could not be written: the old one stands, or the new one */
  save(kept: KeptCrl): Promise<void>;
  /** Forgets a place for good, its floor included; one that is not there is no fault. @throws Unavailable when it could not: it may come back at a restart */
  remove(url: string): Promise<void>;
}
