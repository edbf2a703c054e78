import { createECDH, createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import type { KeyPair } from '../raw-certificate.js';

const pool = new Map<string, KeyPair>();

/** A P-256 key made of a name: the same in every run, so that a saved input can be run again. Protects nothing. */
export const namedKey = (name: string): KeyPair => {
  const known = pool.get(name);
  if (known !== undefined) return known;
  const scalar = createHash('sha256').update(`mutation key ${name}`).digest();
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(scalar);
  const point = curve.getPublicKey();
  const part = (from: number): string => point.subarray(from, from + 32).toString('base64url');
  const privateKey = createPrivateKey({
    key: { kty: 'EC', crv: 'P-256', d: scalar.toString('base64url'), x: part(1), y: part(33) },
    format: 'jwk',
  });
  const pair = { privateKey, publicKey: createPublicKey(privateKey) };
  pool.set(name, pair);
  return pair;
};
