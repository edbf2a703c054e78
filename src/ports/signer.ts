/** An Ed25519 key that signs notes; the private key may live elsewhere. */
export interface NoteSigner {
  /** Key name of the signed note. */
  readonly name: string;
  /** 32 octets. */
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}
