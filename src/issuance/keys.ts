import { createHash, generateKeyPair, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

/** A key pair of which the public half is at hand as DER: what a certificate names. */
export interface KeyPair {
  readonly privateKey: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
}

export type Curve = 'P-256' | 'P-384';

/**
 * A fresh EC key pair. Export it as DER, never as JWK: Node 20 can hang for ever when JWKs are exported from thousands of freshly generated keys.
 */
export const newKeyPair = (curve: Curve = 'P-256'): KeyPair => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve });
  return { privateKey, spki: publicKey.export({ type: 'spki', format: 'der' }) };
};

/** A fresh P-256 key pair as it is handed over. */
export interface EncodedKeyPair {
  /** PKCS#8, PEM. */
  readonly pem: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
}

const generate = promisify(generateKeyPair);

/** `newKeyPair` for many at once: made beside the event loop, on every core. */
export const newEncodedKeyPair = async (): Promise<EncodedKeyPair> => {
  const { privateKey, publicKey } = await generate('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
    publicKeyEncoding: { format: 'der', type: 'spki' },
  });
  return { pem: privateKey, spki: publicKey };
};

/** SHA-256 of the SubjectPublicKeyInfo, hexadecimal: how the ledger tells keys apart. */
export const spkiFingerprint = (spki: Uint8Array): string => createHash('sha256').update(spki).digest('hex');
