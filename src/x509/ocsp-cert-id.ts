import { hash } from 'node:crypto';
import {
  DerError,
  TAG,
  contentOf,
  encodeOid,
  encodeSequence,
  encodeTlv,
  readChildren,
  readOid,
  readTlv,
  type Tlv,
} from '../encoding/index.js';
import type { Certificate } from './certificate.js';
import { OID } from './oids.js';
import type { PublicKey } from './public-key.js';

/** RFC 7093 section 2, option 1: the leftmost 160 bits of a SHA-256. */
const SHORT = 20;

const sha256 = (octets: Uint8Array): Buffer => hash('sha256', octets, 'buffer');

/** The subjectPublicKey without its tag, length and unused bits: what a KeyHash is made of (RFC 6960 section 4.1.1). */
const keyBits = ({ spki }: PublicKey): Uint8Array => {
  const [, bits] = readChildren(spki, readTlv(spki, 0));
  if (bits === undefined) throw new DerError('SPKI');
  return spki.subarray(bits.content + 1, bits.end);
};

/** What a ResponderID by key may say: SHA-1 by RFC 6960, the short SHA-256 by the STIR draft. It only helps to find the key; a signature decides. */
export const isKeyHashOf = (keyHash: Uint8Array, key: PublicKey): boolean => {
  const bits = keyBits(key);
  return Buffer.compare(keyHash, hash('sha1', bits, 'buffer')) === 0 || Buffer.compare(keyHash, sha256(bits).subarray(0, SHORT)) === 0;
};

/** Which certificate a request or answer is about (CertID, RFC 6960 section 4.1.1). */
export interface OcspCertId {
  readonly nameHash: Uint8Array;
  readonly keyHash: Uint8Array;
  /** Content octets of the serial number. */
  readonly serial: Uint8Array;
}

/**
 * By SHA-256, as the STIR draft wants it. `short`: cut to 160 bits, which the draft demands of requests with a number; responders of RFC 6960 know the
 * whole digest alone.
 */
export const certIdOf = (certificate: Certificate, issuer: Certificate, short: boolean): OcspCertId => {
  const length = short ? SHORT : undefined;
  return {
    nameHash: sha256(certificate.issuer.der).subarray(0, length),
    keyHash: sha256(keyBits(issuer.publicKey)).subarray(0, length),
    serial: certificate.serial,
  };
};

export const encodeCertId = ({ nameHash, keyHash, serial }: OcspCertId): Buffer =>
  encodeSequence(
    // RFC 5754 section 2: without parameters.
    encodeSequence(encodeOid(OID.sha256)),
    encodeTlv(TAG.octetString, nameHash),
    encodeTlv(TAG.octetString, keyHash),
    encodeTlv(TAG.integer, serial),
  );

/** Null for another hash than SHA-256: it is about nothing that was asked here. @throws DerError */
export const readCertId = (der: Uint8Array, tlv: Tlv): OcspCertId | null => {
  const [algorithm, nameHash, keyHash, serial, more] = readChildren(der, tlv);
  if (tlv.tag !== TAG.sequence || algorithm?.tag !== TAG.sequence || serial?.tag !== TAG.integer || more !== undefined)
    throw new DerError('CertID');
  if (nameHash?.tag !== TAG.octetString || keyHash?.tag !== TAG.octetString) throw new DerError('CertID');
  const [oid, parameters, extra] = readChildren(der, algorithm);
  // RFC 5754 section 2: NULL parameters are accepted.
  if (oid === undefined || extra !== undefined || (parameters !== undefined && parameters.tag !== TAG.null)) throw new DerError('CertID');
  if (readOid(der, oid) !== OID.sha256) return null;
  return { nameHash: contentOf(der, nameHash), keyHash: contentOf(der, keyHash), serial: contentOf(der, serial) };
};

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** Says of any id whether it names this certificate under this issuer; whole digests or short ones, both alike. */
export const certIdMatcher = (certificate: Certificate, issuer: Certificate): ((id: OcspCertId) => boolean) => {
  const ids = [certIdOf(certificate, issuer, false), certIdOf(certificate, issuer, true)];
  return (id) =>
    ids.some(({ nameHash, keyHash, serial }) => isSame(id.serial, serial) && isSame(id.nameHash, nameHash) && isSame(id.keyHash, keyHash));
};
