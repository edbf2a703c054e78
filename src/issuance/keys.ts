import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

/** A key pair of which the public half is at hand as DER: what a certificate names. */
export interface KeyPair {
  readonly privateKey: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
}

export type Curve = 'P-256' | 'P-384';

/**
 * A fresh EC key pair.
 * Both halves leave the generator as DER: Node 20 can hang when JWKs are exported from thousands of freshly generated keys.
 */
export const newKeyPair = (curve: Curve = 'P-256'): KeyPair => {
  const pair = generateKeyPairSync('ec', {
    namedCurve: curve,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  });
  return { privateKey: createPrivateKey({ key: pair.privateKey, format: 'der', type: 'pkcs8' }), spki: pair.publicKey };
};

/** SHA-256 of the SubjectPublicKeyInfo, hexadecimal: how the ledger tells keys apart. */
export const spkiFingerprint = (spki: Uint8Array): string => createHash('sha256').update(spki).digest('hex');
