import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { encodeInteger, encodeOid, encodeSequence, encodeTlv, encodeUtf8 } from '../../src/encoding/index.js';

/** Certificates octet by octet, so that each can be wrong in one place. Shares nothing with the parser but the TLV writer. */

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export const newEcKey = (namedCurve = 'P-256'): KeyPair => generateKeyPairSync('ec', { namedCurve });
export const newRsaKey = (modulusLength = 2048): KeyPair => generateKeyPairSync('rsa', { modulusLength });

export const spkiOf = (key: KeyPair): Buffer => key.publicKey.export({ type: 'spki', format: 'der' });
export const keyIdOf = (key: KeyPair): Buffer => createHash('sha1').update(spkiOf(key)).digest();

export const octetString = (...parts: Uint8Array[]): Buffer => encodeTlv(0x04, ...parts);
export const boolean = (value: boolean): Buffer => encodeTlv(0x01, Buffer.from([value ? 0xff : 0]));
export const bitString = (octets: Uint8Array, unused = 0): Buffer => encodeTlv(0x03, Buffer.from([unused]), octets);
export const NULL = encodeTlv(0x05);

export const rdn = (oid: string, value: Buffer): Buffer => encodeTlv(0x31, encodeSequence(encodeOid(oid), value));
export const nameOf = (...rdns: Buffer[]): Buffer => encodeSequence(...rdns);
export const commonName = (text: string): Buffer => nameOf(rdn('2.5.4.3', encodeUtf8(text)));

export const extension = (oid: string, value: Uint8Array, critical = false): Buffer =>
  encodeSequence(encodeOid(oid), ...(critical ? [boolean(true)] : []), octetString(value));

export const basicConstraints = (ca: boolean, pathLength: number | null = null, critical = true): Buffer =>
  extension(
    '2.5.29.19',
    encodeSequence(...(ca ? [boolean(true)] : []), ...(pathLength === null ? [] : [encodeInteger(BigInt(pathLength))])),
    critical,
  );

/** `bits` are bit numbers of RFC 5280 section 4.2.1.3, below 8. */
export const keyUsage = (bits: readonly number[], critical = true): Buffer => {
  const octet = bits.reduce((sum, bit) => sum | (0x80 >> bit), 0);
  return extension('2.5.29.15', bitString(Buffer.from([octet]), bits.length === 0 ? 0 : 7 - Math.max(...bits)), critical);
};

export const subjectKeyId = (id: Uint8Array, critical = false): Buffer => extension('2.5.29.14', octetString(id), critical);
export const authorityKeyId = (id: Uint8Array, critical = false): Buffer =>
  extension('2.5.29.35', encodeSequence(encodeTlv(0x80, id)), critical);

export const dns = (text: string): Buffer => encodeTlv(0x82, Buffer.from(text));
export const mail = (text: string): Buffer => encodeTlv(0x81, Buffer.from(text));
export const uri = (text: string): Buffer => encodeTlv(0x86, Buffer.from(text));
export const ip = (...octets: number[]): Buffer => encodeTlv(0x87, Buffer.from(octets));
export const directory = (name: Buffer): Buffer => encodeTlv(0xa4, name);
export const otherName = (): Buffer => encodeTlv(0xa0, encodeOid('1.2.3'), encodeTlv(0xa0, encodeUtf8('x')));
/** SmtpUTF8Mailbox (RFC 9598 section 3), its value as given. */
export const utf8MailboxOf = (value: Buffer): Buffer => encodeTlv(0xa0, encodeOid('1.3.6.1.5.5.7.8.9'), encodeTlv(0xa0, value));
export const utf8Mailbox = (text: string): Buffer => utf8MailboxOf(encodeUtf8(text));
export const subjectAltName = (names: Buffer[], critical = false): Buffer => extension('2.5.29.17', encodeSequence(...names), critical);

export const nameConstraints = (permitted: Buffer[], excluded: Buffer[], critical = true): Buffer => {
  const subtrees = (tag: number, bases: Buffer[]): Buffer[] =>
    bases.length === 0 ? [] : [encodeTlv(tag, ...bases.map((base) => encodeSequence(base)))];
  return extension('2.5.29.30', encodeSequence(...subtrees(0xa0, permitted), ...subtrees(0xa1, excluded)), critical);
};

export const policies = (...oids: string[]): Buffer =>
  extension('2.5.29.32', encodeSequence(...oids.map((oid) => encodeSequence(encodeOid(oid)))));
export const mappings = (...pairs: [string, string][]): Buffer =>
  extension('2.5.29.33', encodeSequence(...pairs.map(([a, b]) => encodeSequence(encodeOid(a), encodeOid(b)))), true);
export const requireExplicitPolicy = (skip: number, critical = true): Buffer =>
  extension('2.5.29.36', encodeSequence(encodeTlv(0x80, Buffer.from([skip]))), critical);
export const extKeyUsage = (...oids: string[]): Buffer => extension('2.5.29.37', encodeSequence(...oids.map(encodeOid)));

export const ECDSA_SHA256 = encodeSequence(encodeOid('1.2.840.10045.4.3.2'));
export const ECDSA_SHA384 = encodeSequence(encodeOid('1.2.840.10045.4.3.3'));
export const ECDSA_SHA512 = encodeSequence(encodeOid('1.2.840.10045.4.3.4'));
export const ECDSA_SHA1 = encodeSequence(encodeOid('1.2.840.10045.4.1'));
export const RSA_SHA256 = encodeSequence(encodeOid('1.2.840.113549.1.1.11'), NULL);

/** RFC 5280 section 4.1.2.5: UTCTime until 2049, GeneralizedTime from then on. */
const time = (at: Date): Buffer => {
  const text = `${at.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;
  return at.getUTCFullYear() < 2050 ? encodeTlv(0x17, Buffer.from(text.slice(2))) : encodeTlv(0x18, Buffer.from(text));
};

export interface Shape {
  readonly version: Buffer;
  readonly serial: Buffer;
  readonly algorithm: Buffer;
  readonly outerAlgorithm: Buffer;
  readonly issuer: Buffer;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly subject: Buffer;
  readonly spki: Buffer;
  readonly extensions: readonly Buffer[];
  readonly digest: string;
  /** Changes the signature after it was made. */
  readonly signature: (signature: Buffer) => Buffer;
  /** Changes TBSCertificate before it is signed. */
  readonly tbs: (tbs: Buffer) => Buffer;
}

export interface Issued {
  readonly der: Buffer;
  readonly key: KeyPair;
  readonly name: Buffer;
}

export const NOT_BEFORE = new Date('2026-01-01T00:00:00Z');
export const NOT_AFTER = new Date('2027-01-01T00:00:00Z');
export const AT = Date.parse('2026-06-01T00:00:00Z');

let serial = 0n;

const encode = (shape: Shape, signer: KeyObject): Buffer => {
  const tbs = shape.tbs(
    encodeSequence(
      ...(shape.version.length === 0 ? [] : [shape.version]),
      shape.serial,
      shape.algorithm,
      shape.issuer,
      encodeSequence(time(shape.notBefore), time(shape.notAfter)),
      shape.subject,
      shape.spki,
      ...(shape.extensions.length === 0 ? [] : [encodeTlv(0xa3, encodeSequence(...shape.extensions))]),
    ),
  );
  const signature = shape.signature(sign(shape.digest, tbs, signer));
  return encodeSequence(tbs, shape.outerAlgorithm, bitString(signature));
};

export interface Role {
  readonly issuer: Issued | null;
  readonly key?: KeyPair;
  readonly subject: string;
  /** Extensions by name; a default is replaced, or with null left out. */
  readonly extensions?: Readonly<Record<string, Buffer | null>>;
  readonly shape?: Partial<Shape>;
}

const issue = (role: Role, defaults: Record<string, Buffer>): Issued => {
  const key = role.key ?? newEcKey();
  const name = role.shape?.subject ?? commonName(role.subject);
  serial += 1n;
  const issuer = role.issuer ?? { der: Buffer.alloc(0), key, name };
  const extensions: Record<string, Buffer | null> = {
    ...defaults,
    subjectKeyId: subjectKeyId(keyIdOf(key)),
    authorityKeyId: authorityKeyId(keyIdOf(issuer.key)),
    ...role.extensions,
  };
  const algorithm = role.shape?.algorithm ?? ECDSA_SHA256;
  const shape: Shape = {
    version: encodeTlv(0xa0, encodeInteger(2n)),
    serial: encodeInteger(0x1000n + serial),
    algorithm,
    outerAlgorithm: algorithm,
    issuer: issuer.name,
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
    subject: name,
    spki: spkiOf(key),
    extensions: Object.values(extensions).filter((value) => value !== null),
    digest: 'sha256',
    signature: (signature) => signature,
    tbs: (tbs) => tbs,
    ...role.shape,
  };
  return { der: encode(shape, issuer.key.privateKey), key, name };
};

export const issueCa = (role: Role): Issued => issue(role, { basicConstraints: basicConstraints(true), keyUsage: keyUsage([5, 6]) });
export const issueEndEntity = (role: Role): Issued => issue(role, { keyUsage: keyUsage([0]) });
