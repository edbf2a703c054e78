import { createECDH, createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { TAG, contextConstructed, encodeInteger, encodeOid, encodePem, encodeSequence, encodeTlv } from '../encoding/index.js';

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

/** RFC 5480 section 2.1.1: id-ecPublicKey on the named curve. */
const P256 = encodeSequence(encodeOid('1.2.840.10045.2.1'), encodeOid('1.2.840.10045.3.1.7'));
const FIELD_OCTETS = 32;

const bits = (point: Uint8Array): Buffer => encodeTlv(TAG.bitString, Buffer.from([0]), point);

/** RFC 5915 section 3: the private key is as long as the field, with zeros in front. */
const ecPrivateKey = (secret: Uint8Array, point: Uint8Array): Buffer =>
  encodeSequence(
    encodeInteger(1n),
    encodeTlv(TAG.octetString, Buffer.alloc(FIELD_OCTETS - secret.length), secret),
    encodeTlv(contextConstructed(1), bits(point)),
  );

/**
 * `newKeyPair` for many at once, encoded here: the runtime takes four times as long to export a fresh key as to make it. Node's ECDH makes them by the same
 * function of OpenSSL, over the same random numbers.
 */
export const newEncodedKeyPairs = (count: number): EncodedKeyPair[] => {
  const maker = createECDH('prime256v1');
  return Array.from({ length: count }, () => {
    const point = maker.generateKeys();
    const pkcs8 = encodeSequence(encodeInteger(0n), P256, encodeTlv(TAG.octetString, ecPrivateKey(maker.getPrivateKey(), point)));
    return { pem: encodePem('PRIVATE KEY', pkcs8), spki: encodeSequence(P256, bits(point)) };
  });
};

/** SHA-256 of the SubjectPublicKeyInfo, hexadecimal: how the ledger tells keys apart. */
export const spkiFingerprint = (spki: Uint8Array): string => createHash('sha256').update(spki).digest('hex');
