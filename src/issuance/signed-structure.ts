import { sign, type KeyObject } from 'node:crypto';
import { TAG, encodeOid, encodeSequence, encodeTlv, readChildren, readWhole, wholeOf } from '../encoding/index.js';
import { OID } from './object-identifiers.js';

/** The hash goes with the signer's curve: SHA-384 under P-384, else SHA-256. */
export const signatureScheme = (key: KeyObject): { readonly oid: string; readonly hash: 'sha256' | 'sha384' } =>
  key.asymmetricKeyDetails?.namedCurve === 'secp384r1'
    ? { oid: OID.ecdsaWithSha384, hash: 'sha384' }
    : { oid: OID.ecdsaWithSha256, hash: 'sha256' };

/** SEQUENCE { tbs, algorithm, signature }: the shape that certificates, CRLs and CSRs share. Synchronous, in Node's crypto. */
export const signStructure = (tbs: Uint8Array, key: KeyObject): Buffer => {
  const { oid, hash } = signatureScheme(key);
  // RFC 5758 section 3.2: the parameters are absent.
  return encodeSequence(tbs, encodeSequence(encodeOid(oid)), encodeTlv(TAG.bitString, Buffer.from([0]), sign(hash, tbs, key)));
};

/** The to-be-signed part of such a structure. */
export const signedPart = (structure: Uint8Array): Buffer => {
  const [tbs] = readChildren(structure, readWhole(structure, TAG.sequence));
  if (tbs === undefined) throw new Error('a structure without a signed part');
  return Buffer.from(wholeOf(structure, tbs));
};
