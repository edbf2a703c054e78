import { createECDH, createHash, createHmac, type KeyObject } from 'node:crypto';
import { encodeInteger, encodeSequence } from '../../../src/encoding/index.js';

/**
 * ECDSA over P-256 with SHA-256 and the nonce of RFC 6979: the same key and octets give the same signature, so that a seed of the fuzzer gives the same
 * mutants in every process. Not for keys that protect something: it takes no care of time.
 */

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const OCTETS = 32;

const numberOf = (octets: Buffer): bigint => BigInt(`0x${octets.toString('hex')}`);
const octetsOf = (number: bigint): Buffer => Buffer.from(number.toString(16).padStart(2 * OCTETS, '0'), 'hex');
const hmac = (key: Buffer, ...parts: Uint8Array[]): Buffer => {
  const mac = createHmac('sha256', key);
  for (const part of parts) mac.update(part);
  return mac.digest();
};

/** By the extended Euclidean algorithm. */
const inverse = (number: bigint): bigint => {
  let [a, b, x, y] = [number, ORDER, 1n, 0n];
  while (b > 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return ((x % ORDER) + ORDER) % ORDER;
};

/** RFC 6979 section 3.2: candidates, one after another. */
function* nonces(secret: Buffer, digest: Buffer): Generator<bigint> {
  const seed = Buffer.concat([secret, octetsOf(numberOf(digest) % ORDER)]);
  let value: Buffer = Buffer.alloc(OCTETS, 1);
  let key: Buffer = Buffer.alloc(OCTETS);
  for (const mark of [0, 1]) {
    key = hmac(key, value, Buffer.of(mark), seed);
    value = hmac(key, value);
  }
  for (;;) {
    value = hmac(key, value);
    const nonce = numberOf(value);
    if (nonce > 0n && nonce < ORDER) yield nonce;
    key = hmac(key, value, Buffer.of(0));
    value = hmac(key, value);
  }
}

const secrets = new WeakMap<KeyObject, Buffer>();
const secretOf = (key: KeyObject): Buffer => {
  const known = secrets.get(key);
  if (known !== undefined) return known;
  const secret = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url');
  secrets.set(key, secret);
  return secret;
};

const curve = createECDH('prime256v1');
const pairOf = (message: Uint8Array, key: KeyObject): readonly [bigint, bigint] => {
  const [secret, digest] = [secretOf(key), createHash('sha256').update(message).digest()];
  for (const nonce of nonces(secret, digest)) {
    curve.setPrivateKey(octetsOf(nonce));
    const r = numberOf(curve.getPublicKey().subarray(1, 1 + OCTETS)) % ORDER;
    const s = (inverse(nonce) * (numberOf(digest) + r * numberOf(secret))) % ORDER;
    if (r > 0n && s > 0n) return [r, s];
  }
  throw new Error('no nonce');
};

/** ECDSA-Sig-Value (RFC 3279 section 2.2.3). */
export const signRepeatably = (message: Uint8Array, key: KeyObject): Buffer =>
  encodeSequence(...pairOf(message, key).map((number) => encodeInteger(number)));

/** R and S of 32 octets each (RFC 7518 section 3.4). */
export const signJwsRepeatably = (message: Uint8Array, key: KeyObject): Buffer => Buffer.concat(pairOf(message, key).map(octetsOf));
