import { createHash } from 'node:crypto';
import {
  DerError,
  TAG,
  checkBitString,
  checkCanonicalDer,
  contentOf,
  readChildren,
  readInteger,
  readTlv,
  wholeOf,
  type Tlv,
} from '../encoding/index.js';
import { Refusal, refuse } from '../reasons/index.js';
import { DistinguishedName } from './distinguished-name.js';
import { readExtension, type Extension } from './extension.js';
import * as values from './extension-values.js';
import type { GeneralName } from './general-name.js';
import { OID } from './oids.js';
import { PublicKey } from './public-key.js';
import { readSignatureAlgorithm, signatureHolds, type SignatureAlgorithm } from './signature-algorithm.js';
import { readTime } from './time.js';

interface Fields {
  readonly der: Uint8Array;
  readonly tbs: Uint8Array;
  readonly serial: Uint8Array;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly issuer: DistinguishedName;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly subject: DistinguishedName;
  readonly publicKey: PublicKey;
  readonly extensions: ReadonlyMap<string, Extension>;
  readonly signature: Uint8Array;
}

/**
 * An X.509 v3 certificate as parsed: nothing of it is verified. Times are seconds since 1970.
 * The typed extensions are read on first use, and once; each is null when absent and throws Refusal `malformed-cert` when it is not DER of its type.
 */
export class Certificate {
  readonly der: Uint8Array;
  /** TBSCertificate: the octets that are signed. */
  readonly tbs: Uint8Array;
  /** Content octets of the serial number: 1 to 20, positive. */
  readonly serial: Uint8Array;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly issuer: DistinguishedName;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly subject: DistinguishedName;
  readonly publicKey: PublicKey;
  readonly extensions: ReadonlyMap<string, Extension>;
  readonly signature: Uint8Array;
  readonly #read = new Map<string, unknown>();
  #fingerprint: Buffer | null;
  #selfIssued: boolean | null = null;
  /** The key that the signature was found to hold under: a CA below the same anchor is not verified again for each of its end-entities. */
  #signedBy: Uint8Array | null = null;

  constructor(fields: Fields, fingerprint: Buffer | null = null) {
    this.#fingerprint = fingerprint;
    this.der = fields.der;
    this.tbs = fields.tbs;
    this.serial = fields.serial;
    this.signatureAlgorithm = fields.signatureAlgorithm;
    this.issuer = fields.issuer;
    this.notBefore = fields.notBefore;
    this.notAfter = fields.notAfter;
    this.subject = fields.subject;
    this.publicKey = fields.publicKey;
    this.extensions = fields.extensions;
    this.signature = fields.signature;
  }

  /** SHA-256 of the DER. */
  get fingerprint(): Buffer {
    this.#fingerprint ??= createHash('sha256').update(this.der).digest();
    return this.#fingerprint;
  }

  /** RFC 5280 section 6.1: subject and issuer are the same name. */
  get isSelfIssued(): boolean {
    this.#selfIssued ??= this.subject.equals(this.issuer);
    return this.#selfIssued;
  }

  get basicConstraints(): values.BasicConstraints | null {
    return this.#value(OID.basicConstraints, values.readBasicConstraints);
  }

  get keyUsage(): values.KeyUsage | null {
    return this.#value(OID.keyUsage, values.readKeyUsage);
  }

  get subjectKeyIdentifier(): Uint8Array | null {
    return this.#value(OID.subjectKeyIdentifier, values.readSubjectKeyIdentifier);
  }

  /** The keyIdentifier field; null also where the extension has none. */
  get authorityKeyIdentifier(): Uint8Array | null {
    return this.#value(OID.authorityKeyIdentifier, values.readAuthorityKeyIdentifier);
  }

  get subjectAltName(): readonly GeneralName[] | null {
    return this.#value(OID.subjectAltName, values.readAltName);
  }

  get issuerAltName(): readonly GeneralName[] | null {
    return this.#value(OID.issuerAltName, values.readAltName);
  }

  get nameConstraints(): values.NameConstraints | null {
    return this.#value(OID.nameConstraints, values.readNameConstraints);
  }

  get certificatePolicies(): readonly string[] | null {
    return this.#value(OID.certificatePolicies, values.readCertificatePolicies);
  }

  get policyMappings(): readonly values.PolicyMapping[] | null {
    return this.#value(OID.policyMappings, values.readPolicyMappings);
  }

  get policyConstraints(): values.PolicyConstraints | null {
    return this.#value(OID.policyConstraints, values.readPolicyConstraints);
  }

  get inhibitAnyPolicy(): number | null {
    return this.#value(OID.inhibitAnyPolicy, values.readInhibitAnyPolicy);
  }

  get extKeyUsage(): readonly string[] | null {
    return this.#value(OID.extKeyUsage, values.readExtKeyUsage);
  }

  get crlDistributionPoints(): readonly values.DistributionPoint[] | null {
    return this.#value(OID.crlDistributionPoints, values.readCrlDistributionPoints);
  }

  get authorityInfoAccess(): readonly values.AccessDescription[] | null {
    return this.#value(OID.authorityInfoAccess, values.readInfoAccess);
  }

  isCritical(oid: string): boolean {
    return this.extensions.get(oid)?.critical === true;
  }

  /**
   * Whether this certificate's signature verifies under the issuer's key. Proves nothing about names, times or rights, nor that any rules allow the
   * algorithm.
   * @throws Refusal `unsupported-key` when the issuer's key cannot be imported.
   */
  signatureHolds(issuer: Certificate): boolean {
    const { spki } = issuer.publicKey;
    if (this.#signedBy !== null && Buffer.compare(this.#signedBy, spki) === 0) return true;
    const { known, forgivable } = this.signatureAlgorithm;
    const holds = signatureHolds({ known: known ?? forgivable }, issuer.publicKey, this.tbs, this.signature);
    if (holds) this.#signedBy = spki;
    return holds;
  }

  #value<T>(oid: string, read: (value: Uint8Array) => T): T | null {
    const extension = this.extensions.get(oid);
    if (extension === undefined) return null;
    if (this.#read.has(oid)) return this.#read.get(oid) as T;
    const value = orMalformed(() => read(extension.value));
    this.#read.set(oid, value);
    return value;
  }
}

const orMalformed = <T>(read: () => T): T => {
  try {
    return read();
  } catch (error) {
    if (error instanceof DerError) return refuse('malformed-cert', error.message);
    throw error;
  }
};

/**
 * Parses one certificate, strictly (RFC 5280 section 4.1): canonical DER to the last octet, v3, a positive serial of 1 to 20 octets,
 * the same algorithm inside and outside, every extension once. Extension values are read later, by the getters.
 * @throws Refusal `malformed-cert`, `duplicate-extension`
 */
export const parseCertificate = (der: Uint8Array): Certificate => parseDigested(der, null);

/** `parseCertificate` for a caller that has the SHA-256 of `der` already. */
export const parseDigested = (der: Uint8Array, fingerprint: Buffer | null): Certificate => {
  if (!(der instanceof Uint8Array)) return refuse('malformed-cert', 'not octets');
  return orMalformed(() => {
    checkCanonicalDer(der);
    return read(der, fingerprint);
  });
};

const read = (der: Uint8Array, fingerprint: Buffer | null): Certificate => {
  const outer = readTlv(der, 0);
  const [tbs, algorithm, signature, more] = readChildren(der, outer);
  if (outer.tag !== TAG.sequence || tbs?.tag !== TAG.sequence || algorithm === undefined || more !== undefined)
    throw new DerError('Certificate');
  if (signature?.tag !== TAG.bitString) throw new DerError('signature');
  const signatureAlgorithm = readSignatureAlgorithm(der, algorithm);
  const parts = readChildren(der, tbs);
  const [version, serial, inner, issuer, validity, subject, spki] = parts;
  if (serial === undefined || inner === undefined || issuer === undefined || validity === undefined) throw new DerError('TBSCertificate');
  if (subject === undefined || spki === undefined) throw new DerError('TBSCertificate');
  checkVersion(der, version);
  // RFC 5280 section 4.1.1.2: the unsigned copy of the algorithm must be the signed one.
  if (Buffer.compare(wholeOf(der, inner), signatureAlgorithm.der) !== 0) throw new DerError('signature algorithms differ');
  const [notBefore, notAfter, extra] = readChildren(der, validity);
  if (validity.tag !== TAG.sequence || notBefore === undefined || notAfter === undefined || extra !== undefined)
    throw new DerError('Validity');
  const fields: Fields = {
    der,
    tbs: wholeOf(der, tbs),
    serial: readSerial(der, serial),
    signatureAlgorithm,
    issuer: DistinguishedName.read(der, issuer),
    notBefore: readTime(der, notBefore),
    notAfter: readTime(der, notAfter),
    subject: DistinguishedName.read(der, subject),
    publicKey: PublicKey.read(der, spki),
    extensions: readExtensions(der, parts.slice(7)),
    // Every scheme here gives whole octets: a signature with unused bits is one that cannot hold, so it is left empty.
    signature: der[signature.content] === 0 ? der.subarray(signature.content + 1, signature.end) : new Uint8Array(),
  };
  return new Certificate(fields, fingerprint);
};

const checkVersion = (der: Uint8Array, tlv: Tlv | undefined): void => {
  if (tlv?.tag !== 0xa0) throw new DerError('version');
  const [number, more] = readChildren(der, tlv);
  if (number?.tag !== TAG.integer || more !== undefined || readInteger(der, number) !== 2n) throw new DerError('version');
};

/** RFC 5280 section 4.1.2.2. */
const readSerial = (der: Uint8Array, tlv: Tlv): Uint8Array => {
  const octets = contentOf(der, tlv);
  if (tlv.tag !== TAG.integer || octets.length > 20) throw new DerError('serial number');
  const first = octets[0] ?? 0;
  if (first >= 0x80 || (first === 0 && octets.length === 1)) throw new DerError('serial number');
  return octets;
};

/** What follows the key: unique identifiers (RFC 5280 section 4.1.2.8: BIT STRINGs, never used), then the extensions. */
const readExtensions = (der: Uint8Array, rest: readonly Tlv[]): ReadonlyMap<string, Extension> => {
  const tags = rest.map(({ tag }) => tag);
  const ordered = tags.every((tag, i) => [0x81, 0x82, 0xa3].includes(tag) && (i === 0 || tag > (tags[i - 1] ?? 0)));
  if (!ordered) throw new DerError('TBSCertificate');
  for (const tlv of rest) if (tlv.tag !== 0xa3) checkBitString(der, tlv);
  const extensions = new Map<string, Extension>();
  const last = rest.at(-1);
  if (last?.tag !== 0xa3) return extensions;
  const [list, more] = readChildren(der, last);
  if (list?.tag !== TAG.sequence || list.content === list.end || more !== undefined) throw new DerError('Extensions');
  for (const tlv of readChildren(der, list)) {
    const extension = readExtension(der, tlv);
    if (extensions.has(extension.oid)) throw new Refusal('duplicate-extension', extension.oid);
    extensions.set(extension.oid, extension);
  }
  return extensions;
};
