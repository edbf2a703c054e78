/** An Ed25519 key that signs notes; the private key may live elsewhere. */
export interface NoteSigner {
  /** Key name of the signed note. */
  readonly name: string;
  /** 32 octets. */
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
  /** The same signature, made on a thread of the runtime's pool. */
  signInPool(message: Uint8Array): Promise<Uint8Array>;
}

/** RFC 5758 section 3.2. */
export type SignatureScheme = 'ecdsa-with-SHA256' | 'ecdsa-with-SHA384';

/**
 * An ECDSA key that signs certificates, CRLs and PASSporTs; the private key may live in a file, a PKCS#11 module or a key management service.
 * `sign` hashes the message itself and yields DER (RFC 3279 section 2.2.3), or rejects when the key cannot be had: then nothing is issued.
 * Who uses a signer verifies what it yields, so a signer can fail but not deceive.
 */
export interface Signer {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  readonly algorithm: SignatureScheme;
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}
