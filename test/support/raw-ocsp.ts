import { createHash, sign, type KeyObject } from 'node:crypto';
import { encodeIa5, encodeOid, encodeSequence, encodeTlv } from '../../src/encoding/index.js';
import { parseCertificate } from '../../src/x509/index.js';
import { AT, ECDSA_SHA256, NULL, bitString, extension, spkiOf, type Issued } from './raw-certificate.js';

/** OCSP responses octet by octet, so that each can be wrong in one place. */

const HOUR = 3_600_000;
export const OCSP = {
  basic: '1.3.6.1.5.5.7.48.1.1',
  nonce: '1.3.6.1.5.5.7.48.1.2',
  noCheck: '1.3.6.1.5.5.7.48.1.5',
  tnQuery: '1.3.6.1.5.5.7.48.1.10',
  signing: '1.3.6.1.5.5.7.3.9',
  sha256: '2.16.840.1.101.3.4.2.1',
} as const;

export const generalizedTime = (at: number): Buffer =>
  encodeTlv(
    0x18,
    Buffer.from(
      `${new Date(at)
        .toISOString()
        .replace(/[-:T]|\.\d+/g, '')
        .slice(0, 14)}Z`,
    ),
  );

const sha256 = (octets: Uint8Array): Buffer => createHash('sha256').update(octets).digest();
/** A P-256 SubjectPublicKeyInfo ends in its point. */
const pointOf = (issued: Issued): Buffer => spkiOf(issued.key).subarray(-65);

export interface IdParts {
  readonly length: number;
  readonly algorithm: Buffer;
  readonly nameHash: Buffer;
  readonly keyHash: Buffer;
  readonly serial: Uint8Array;
}

/** CertID by SHA-256 cut to 160 bits. */
export const certId = (of: Issued, issuer: Issued, parts: Partial<IdParts> = {}): Buffer => {
  const { length = 20 } = parts;
  const whole = {
    algorithm: encodeSequence(encodeOid(OCSP.sha256)),
    nameHash: sha256(issuer.name).subarray(0, length),
    keyHash: sha256(pointOf(issuer)).subarray(0, length),
    serial: parseCertificate(of.der).serial,
    ...parts,
  };
  return encodeSequence(whole.algorithm, encodeTlv(4, whole.nameHash), encodeTlv(4, whole.keyHash), encodeTlv(2, whole.serial));
};
export const withNull = encodeSequence(encodeOid(OCSP.sha256), NULL);

export const GOOD = encodeTlv(0x80);
export const UNKNOWN = encodeTlv(0x82);
export const revokedAt = (at: number, reason: number | null = null): Buffer =>
  encodeTlv(0xa1, generalizedTime(at), ...(reason === null ? [] : [encodeTlv(0xa0, encodeTlv(0x0a, Buffer.of(reason)))]));

export const tnQuery = (tn: string): Buffer => extension(OCSP.tnQuery, encodeIa5(tn));

export interface SingleParts {
  readonly status: Buffer;
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
  readonly extensions: readonly Buffer[];
}

export const single = (id: Buffer, parts: Partial<SingleParts> = {}): Buffer => {
  const whole = { status: GOOD, thisUpdate: AT - HOUR, nextUpdate: AT + HOUR, extensions: [], ...parts };
  return encodeSequence(
    id,
    whole.status,
    generalizedTime(whole.thisUpdate),
    ...(whole.nextUpdate === null ? [] : [encodeTlv(0xa0, generalizedTime(whole.nextUpdate))]),
    ...(whole.extensions.length === 0 ? [] : [encodeTlv(0xa1, encodeSequence(...whole.extensions))]),
  );
};

export interface ResponseParts {
  readonly status: number;
  /** What stands before responderID. */
  readonly version: Buffer;
  readonly responder: Buffer;
  readonly extensions: readonly Buffer[];
  readonly certificates: readonly Issued[];
  readonly algorithm: Buffer;
  readonly type: string;
  readonly sign: (data: Buffer, key: KeyObject) => Buffer;
  readonly signature: (signature: Buffer) => Buffer;
}

export const byName = (signer: Issued): Buffer => encodeTlv(0xa1, signer.name);
export const byShortHash = (signer: Issued): Buffer => encodeTlv(0xa2, encodeTlv(4, sha256(pointOf(signer)).subarray(0, 20)));
export const bySha1 = (signer: Issued): Buffer => encodeTlv(0xa2, encodeTlv(4, createHash('sha1').update(pointOf(signer)).digest()));
export const nonceOf = (nonce: Uint8Array): Buffer => extension(OCSP.nonce, encodeTlv(4, nonce));

/** A response of `signer`, in force at AT; what is given replaces a part. */
export const respond = (signer: Issued, singles: readonly Buffer[], parts: Partial<ResponseParts> = {}): Buffer => {
  const whole: ResponseParts = {
    status: 0,
    version: Buffer.alloc(0),
    responder: byName(signer),
    extensions: [],
    certificates: [],
    algorithm: ECDSA_SHA256,
    type: OCSP.basic,
    sign: (octets, key) => sign('sha256', octets, key),
    signature: (signature) => signature,
    ...parts,
  };
  const data = encodeSequence(
    whole.version,
    whole.responder,
    generalizedTime(AT - HOUR),
    encodeSequence(...singles),
    ...(whole.extensions.length === 0 ? [] : [encodeTlv(0xa1, encodeSequence(...whole.extensions))]),
  );
  const basic = encodeSequence(
    data,
    whole.algorithm,
    bitString(whole.signature(whole.sign(data, signer.key.privateKey))),
    ...(whole.certificates.length === 0 ? [] : [encodeTlv(0xa0, encodeSequence(...whole.certificates.map(({ der }) => der)))]),
  );
  const bytes = encodeSequence(encodeOid(whole.type), encodeTlv(4, basic));
  return encodeSequence(encodeTlv(0x0a, Buffer.of(whole.status)), encodeTlv(0xa0, bytes));
};

/** An OCSPResponse that only says why there is no answer. */
export const without = (status: number): Buffer => encodeSequence(encodeTlv(0x0a, Buffer.of(status)));

/** What authorityInfoAccess holds that names OCSP responders, and the extension. */
export const respondersValue = (...urls: string[]): Buffer =>
  encodeSequence(...urls.map((place) => encodeSequence(encodeOid('1.3.6.1.5.5.7.48.1'), encodeTlv(0x86, Buffer.from(place)))));
export const respondsAt = (...urls: string[]): Buffer => extension('1.3.6.1.5.5.7.1.1', respondersValue(...urls));

export const extendedKeyUsage = (...oids: string[]): Buffer => extension('2.5.29.37', encodeSequence(...oids.map((oid) => encodeOid(oid))));
export const noCheck = (): Buffer => extension(OCSP.noCheck, NULL);
