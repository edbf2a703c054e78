/**
 * Per-subject keys, and sealing under them. Erasure destroys the key: what was sealed says nothing any more.
 * `newSlot` is synchronous and in memory; `flush` makes every new slot durable and must resolve before anything sealed under it is committed.
 */
export interface Vault {
  /** A fresh key. `expiryDay` (days since 1970; 0 = none): the vault destroys the key by itself after that day (evidence of refusals). */
  newSlot(expiryDay?: number): number;
  flush(): Promise<void>;
  /** AES-256-GCM; `context` is authenticated. */
  seal(slot: number, context: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** Null when the key was erased. @throws Refusal `log-corrupt` when it does not open. */
  open(slot: number, context: Uint8Array, sealed: Uint8Array): Uint8Array | null;
  /** Durable when it resolves. */
  erase(slot: number): Promise<void>;
  close(): Promise<void>;
}
