import { sign, type KeyObject } from 'node:crypto';
import { encodeOid, encodeSequence, encodeTlv, readChildren, readWhole, wholeOf } from '../../../src/encoding/index.js';

/** Places in a TBSCertificate of version 3. */
export const PLACE = { version: 0, serial: 1, algorithm: 2, issuer: 3, validity: 4, subject: 5, key: 6, extensions: 7 } as const;

/** A sequence with one member in place of another; an empty one takes it away. */
export const withMember = (sequence: Uint8Array, place: number, member: Uint8Array): Buffer =>
  encodeSequence(...readChildren(sequence, readWhole(sequence, 0x30)).map((child, i) => (i === place ? member : wholeOf(sequence, child))));

/** Puts another public key into the signed part. */
export const withKey =
  (spki: Uint8Array) =>
  (tbs: Buffer): Buffer =>
    withMember(tbs, PLACE.key, spki);

/** AlgorithmIdentifier, parameters absent or NULL. */
export const algorithm = (oid: string, parameters: Uint8Array = Buffer.alloc(0)): Buffer => encodeSequence(encodeOid(oid), parameters);

export const NULL = Buffer.from([0x05, 0x00]);

/** Signs under another algorithm, named inside and outside alike. */
export const signAs =
  (identifier: Buffer, hash: string | null, key?: KeyObject) =>
  (tbs: Buffer, signer: { readonly privateKey: KeyObject }): Buffer => {
    const changed = withMember(tbs, PLACE.algorithm, identifier);
    const signature = sign(hash, changed, key ?? signer.privateKey);
    return encodeSequence(changed, identifier, encodeTlv(0x03, Buffer.from([0]), signature));
  };

/** The last octet of the signature is another. */
export const spoilt = (der: Buffer): Buffer => {
  const copy = Buffer.from(der);
  const last = copy.length - 1;
  copy[last] = (copy[last] ?? 0) ^ 0x01;
  return copy;
};
