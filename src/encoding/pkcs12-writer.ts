import { createHmac } from 'node:crypto';
import forge from 'node-forge';
import { contextConstructed } from './der.js';
import { encodeInteger, encodeOid, encodeSequence, encodeTlv } from './der-writer.js';

/** RFC 7292 section 4; RFC 5652 section 4; FIPS 180. */
const DATA = '1.2.840.113549.1.7.1';
const CERT_BAG = '1.2.840.113549.1.12.10.1.3';
const X509_CERTIFICATE = '1.2.840.113549.1.9.22.1';
const SHA256 = '2.16.840.1.101.3.4.2.1';
/** What OpenSSL writes. */
const ITERATIONS = 2048;
/** RFC 7292 appendix B.3: the ID of keys for integrity. */
const MAC_KEY = 3;

const octets = (content: Uint8Array): Buffer => encodeTlv(0x04, content);
const explicit = (content: Uint8Array): Buffer => encodeTlv(contextConstructed(0), content);
const data = (content: Uint8Array): Buffer => encodeSequence(encodeOid(DATA), explicit(octets(content)));

const certBag = (der: Uint8Array): Buffer =>
  encodeSequence(encodeOid(CERT_BAG), explicit(encodeSequence(encodeOid(X509_CERTIFICATE), explicit(octets(der)))));

const macKey = (password: string, salt: Uint8Array): Buffer => {
  const saltBuffer = forge.util.createBuffer(Buffer.from(salt).toString('latin1'));
  const key = forge.pkcs12.generateKey(password, saltBuffer, MAC_KEY, ITERATIONS, 32, forge.md.sha256.create());
  return Buffer.from(key.getBytes(), 'latin1');
};

/**
 * A PKCS#12 bundle of certificates alone, in the order given: public material, so nothing is encrypted; its MAC (HMAC-SHA-256) shows that who wrote it knew
 * the password. There is no way to put a key in.
 * @param salt 16 random octets
 */
export const writePkcs12 = (certificates: readonly Uint8Array[], password: string, salt: Uint8Array): Buffer => {
  const safeContents = encodeSequence(...certificates.map(certBag));
  const authSafe = encodeSequence(data(safeContents));
  const digest = createHmac('sha256', macKey(password, salt)).update(authSafe).digest();
  const algorithm = encodeSequence(encodeOid(SHA256), Buffer.from([0x05, 0x00]));
  const mac = encodeSequence(encodeSequence(algorithm, octets(digest)), octets(salt), encodeInteger(BigInt(ITERATIONS)));
  return encodeSequence(encodeInteger(3n), data(authSafe), mac);
};
