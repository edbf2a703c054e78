import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { TAG, encodeOid, encodeSequence, encodeTlv, readChildren, readWhole, wholeOf } from '../encoding/index.js';
import type { SignatureScheme, Signer } from '../ports/index.js';
import { refuse } from '../reasons/index.js';
import type { KeyPair } from './keys.js';
import { OID } from './object-identifiers.js';

interface Scheme {
  readonly oid: string;
  readonly hash: 'sha256' | 'sha384';
}

const SCHEMES: Readonly<Record<SignatureScheme, Scheme>> = {
  'ecdsa-with-SHA256': { oid: OID.ecdsaWithSha256, hash: 'sha256' },
  'ecdsa-with-SHA384': { oid: OID.ecdsaWithSha384, hash: 'sha384' },
};

const algorithmOf = (key: KeyObject): SignatureScheme =>
  key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'ecdsa-with-SHA384' : 'ecdsa-with-SHA256';

/** The hash goes with the signer's curve: SHA-384 under P-384, else SHA-256. */
export const signatureScheme = (key: KeyObject): Scheme => SCHEMES[algorithmOf(key)];

export const schemeOf = ({ algorithm }: Pick<Signer, 'algorithm'>): Scheme => SCHEMES[algorithm];

// RFC 5758 section 3.2: the parameters are absent.
const structure = (tbs: Uint8Array, { oid }: Scheme, signature: Uint8Array): Buffer =>
  encodeSequence(tbs, encodeSequence(encodeOid(oid)), encodeTlv(TAG.bitString, Buffer.from([0]), signature));

/** SEQUENCE { tbs, algorithm, signature }: the shape that certificates, CRLs and CSRs share. Synchronous, in Node's crypto. */
export const signStructure = (tbs: Uint8Array, key: KeyObject): Buffer => {
  const scheme = signatureScheme(key);
  return structure(tbs, scheme, sign(scheme.hash, tbs, key));
};

/** A key pair at hand as a signer. */
export const keySigner = ({ privateKey, spki }: KeyPair): Signer => {
  const algorithm = algorithmOf(privateKey);
  return { spki, algorithm, sign: (message) => sign(SCHEMES[algorithm].hash, message, privateKey) };
};

const publicKeys = new WeakMap<Signer, KeyObject>();

const publicKeyOf = (signer: Signer): KeyObject => {
  const known = publicKeys.get(signer);
  if (known !== undefined) return known;
  const key = createPublicKey({ key: Buffer.from(signer.spki), format: 'der', type: 'spki' });
  publicKeys.set(signer, key);
  return key;
};

/**
 * What a signer made of a message, DER.
 * @throws Refusal `bad-signature` when it does not hold under the signer's own key: a signer that erred must not put it into the world
 */
export const signThrough = async (signer: Signer, message: Uint8Array): Promise<Buffer> => {
  const signature = Buffer.from(await signer.sign(message));
  if (!verify(schemeOf(signer).hash, message, publicKeyOf(signer), signature)) return refuse('bad-signature', 'of the signer');
  return signature;
};

/** `signStructure` through a signer. @throws Refusal `bad-signature`, and what the signer rejects with */
export const signStructureThrough = async (tbs: Uint8Array, signer: Signer): Promise<Buffer> =>
  structure(tbs, schemeOf(signer), await signThrough(signer, tbs));

/** The to-be-signed part of such a structure. */
export const signedPart = (whole: Uint8Array): Buffer => {
  const [tbs] = readChildren(whole, readWhole(whole, TAG.sequence));
  if (tbs === undefined) throw new Error('a structure without a signed part');
  return Buffer.from(wholeOf(whole, tbs));
};
