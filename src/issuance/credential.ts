import type { KeyPair } from './keys.js';

/** A path and the key that signs with it. */
export interface IssuedCredential {
  /** DER, end-entity first, no anchor. */
  readonly path: readonly Buffer[];
  readonly key: KeyPair;
}
