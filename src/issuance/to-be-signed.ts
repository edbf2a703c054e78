import { TAG, contextConstructed, encodeInteger, encodeOid, encodeSequence, encodeTlv } from '../encoding/index.js';
import type { Extension } from './extensions.js';

/** Written by our own writer, a tenth of the time of pkijs, which is the tests' second opinion (docs/adr/0012). */

const TRUE = encodeTlv(TAG.boolean, Buffer.from([0xff]));
/** RFC 5280 section 4.1.2.1: version 3, explicitly tagged; a CRL's version 2 is not. */
const VERSION_3 = encodeTlv(contextConstructed(0), encodeInteger(2n));
const VERSION_2 = encodeInteger(1n);

const known = new Map<string, Buffer>();

/** An object identifier; the desk writes the same few again and again. */
export const objectIdentifier = (dotted: string): Buffer => {
  const before = known.get(dotted);
  if (before !== undefined) return before;
  const der = encodeOid(dotted);
  known.set(dotted, der);
  return der;
};

/** RFC 5280 section 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050; to the second, with Z. */
export const encodeTime = (seconds: number): Buffer => {
  const text = `${new Date(seconds * 1000).toISOString().replace(/[-:T]|\.\d+Z$/g, '')}Z`;
  const isEarly = Number(text.slice(0, 4)) < 2050;
  return encodeTlv(isEarly ? TAG.utcTime : TAG.generalizedTime, Buffer.from(isEarly ? text.slice(2) : text, 'latin1'));
};

/** X.690 section 11.5: `critical` is DEFAULT FALSE. */
export const encodeExtension = ({ oid, critical, value }: Extension): Buffer =>
  encodeSequence(objectIdentifier(oid), ...(critical ? [TRUE] : []), encodeTlv(TAG.octetString, value));

const extensionList = (tag: number, extensions: readonly Extension[]): Buffer =>
  encodeTlv(contextConstructed(tag), encodeSequence(...extensions.map(encodeExtension)));

/** Everything in a certificate that its issuer decides. Times in seconds. */
export interface CertificateTemplate {
  readonly serial: Uint8Array;
  /** DER Names. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly notBefore: number;
  readonly notAfter: number;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  readonly extensions: readonly Extension[];
}

/** RFC 5280 section 4.1: TBSCertificate. */
export const encodeTbsCertificate = (template: CertificateTemplate, algorithmOid: string): Buffer =>
  encodeSequence(
    VERSION_3,
    encodeTlv(TAG.integer, template.serial),
    encodeSequence(objectIdentifier(algorithmOid)),
    template.issuer,
    encodeSequence(encodeTime(template.notBefore), encodeTime(template.notAfter)),
    template.subject,
    template.spki,
    ...(template.extensions.length === 0 ? [] : [extensionList(3, template.extensions)]),
  );

/** An entry of a CRL, its extensions already told apart. */
export interface ListEntry {
  readonly serial: Uint8Array;
  readonly revokedAt: number;
  readonly extensions: readonly Extension[];
}

const encodeEntry = ({ serial, revokedAt, extensions }: ListEntry): Buffer =>
  encodeSequence(
    encodeTlv(TAG.integer, serial),
    encodeTime(revokedAt),
    ...(extensions.length === 0 ? [] : [encodeSequence(...extensions.map(encodeExtension))]),
  );

export interface ListTemplate {
  /** DER Name. */
  readonly issuer: Uint8Array;
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  readonly entries: readonly ListEntry[];
  readonly extensions: readonly Extension[];
}

/** RFC 5280 section 5.1: TBSCertList. */
export const encodeTbsCertList = (template: ListTemplate, algorithmOid: string): Buffer =>
  encodeSequence(
    VERSION_2,
    encodeSequence(objectIdentifier(algorithmOid)),
    template.issuer,
    encodeTime(template.thisUpdate),
    encodeTime(template.nextUpdate),
    // RFC 5280 section 5.1.2.6: absent, not empty, when nothing is revoked.
    ...(template.entries.length === 0 ? [] : [encodeSequence(...template.entries.map(encodeEntry))]),
    extensionList(0, template.extensions),
  );
