import { createVerify, verify } from 'node:crypto';
import { DerError, TAG, readChildren, wholeOf, type Tlv } from '../encoding/index.js';
import { readKnownOid } from './known-oid.js';
import { OID } from './oids.js';
import type { PublicKey } from './public-key.js';

export type Digest = 'sha256' | 'sha384' | 'sha512';

interface Scheme {
  readonly scheme: 'ec' | 'rsa';
  readonly digest: Digest;
}

/** An AlgorithmIdentifier of a signature. `known` is null for what no profile allows: SHA-1, MD5, DSA, PSS, Ed25519, odd parameters. */
export interface SignatureAlgorithm {
  readonly oid: string;
  /** AlgorithmIdentifier, whole. */
  readonly der: Uint8Array;
  readonly known: Scheme | null;
  /**
   * What `known` would be, but for NULL parameters with ECDSA (RFC 5758 section 3.2 has none): only rules that say so forgive them. Nobody but the
   * issuer can have put them there, since the signed and the unsigned copy must be equal.
   */
  readonly forgivable: Scheme | null;
}

const KNOWN: ReadonlyMap<string, Scheme> = new Map<string, Scheme>([
  [OID.ecdsaWithSha256, { scheme: 'ec', digest: 'sha256' }],
  [OID.ecdsaWithSha384, { scheme: 'ec', digest: 'sha384' }],
  [OID.ecdsaWithSha512, { scheme: 'ec', digest: 'sha512' }],
  [OID.sha256WithRsa, { scheme: 'rsa', digest: 'sha256' }],
  [OID.sha384WithRsa, { scheme: 'rsa', digest: 'sha384' }],
  [OID.sha512WithRsa, { scheme: 'rsa', digest: 'sha512' }],
]);

/** @throws DerError */
export const readSignatureAlgorithm = (der: Uint8Array, tlv: Tlv): SignatureAlgorithm => {
  const [oid, parameters, more] = readChildren(der, tlv);
  if (tlv.tag !== TAG.sequence || oid === undefined || more !== undefined) throw new DerError('AlgorithmIdentifier');
  const name = readKnownOid(der, oid);
  const known = KNOWN.get(name) ?? null;
  // RFC 5758 section 3.2: no parameters with ECDSA. RFC 4055 section 5: NULL with RSA, absence is accepted.
  const fits = parameters === undefined || (known?.scheme === 'rsa' && parameters.tag === TAG.null);
  const forgivable = !fits && known?.scheme === 'ec' && parameters.tag === TAG.null ? known : null;
  return { oid: name, der: wholeOf(der, tlv), known: fits ? known : null, forgivable };
};

/**
 * Whether `signature` over `message` verifies under `key` by `algorithm`. False where key and algorithm do not belong together.
 * @throws Refusal `unsupported-key` when the key cannot be imported.
 */
export const signatureHolds = (
  { known }: Pick<SignatureAlgorithm, 'known'>,
  key: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
): boolean => {
  if (known === null || known.scheme !== key.form.kind) return false;
  const { keyObject } = key;
  try {
    return verify(known.digest, message, keyObject, signature);
  } catch {
    return false;
  }
};

/** OpenSSL hashes so much in one to three milliseconds. */
const OCTETS_A_SLICE = 1 << 20;

/** Cuts octets into pieces, so that tens of megabytes can be hashed without holding anybody up. */
export const piecesOf = function* (octets: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < octets.length; at += OCTETS_A_SLICE) yield octets.subarray(at, at + OCTETS_A_SLICE);
};

/**
 * `signatureHolds` for a message of many megabytes, piece by piece; `pause` lets others have their turn between them. Not in the thread pool, which
 * would copy the message first, in one go.
 * @throws Refusal `unsupported-key` when the key cannot be imported.
 */
export const signatureHoldsInSlices = async (
  algorithm: SignatureAlgorithm,
  key: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
  pause: () => Promise<unknown>,
): Promise<boolean> => {
  if (algorithm.known === null || algorithm.known.scheme !== key.form.kind) return false;
  const { keyObject } = key;
  const verification = createVerify(algorithm.known.digest);
  for (const piece of piecesOf(message)) {
    verification.update(piece);
    await pause();
  }
  try {
    return verification.verify(keyObject, signature);
  } catch {
    return false;
  }
};
