import { createHash } from 'node:crypto';
import {
  TAG,
  contentOf,
  contextConstructed,
  contextPrimitive,
  encodeInteger,
  encodeSequence,
  encodeTlv,
  readChildren,
  readWhole,
} from '../encoding/index.js';
import { encodeClaimConstraints, encodeTnAuthList, type TnEntry } from '../x509/index.js';
import { OID } from './object-identifiers.js';
import { objectIdentifier } from './to-be-signed.js';

/** One extension, its value already DER. */
export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Buffer;
}

const extension = (oid: string, critical: boolean, value: Buffer): Extension => ({ oid, critical, value });

/** RFC 5280 section 4.2.1.2, method 1: SHA-1 of the public key's bits, 20 octets. An identifier, not a security measure. */
export const keyIdentifier = (spki: Uint8Array): Buffer => {
  const bits = readChildren(spki, readWhole(spki, TAG.sequence))[1];
  if (bits === undefined) throw new Error('SubjectPublicKeyInfo without a key');
  return createHash('sha1').update(contentOf(spki, bits).subarray(1)).digest();
};

export const subjectKeyIdentifier = (spki: Uint8Array): Extension =>
  extension(OID.subjectKeyIdentifier, false, encodeTlv(TAG.octetString, keyIdentifier(spki)));

/** RFC 9060 section 7: the issuer is found by key identifier. */
export const authorityKeyIdentifier = (issuerSpki: Uint8Array): Extension =>
  extension(OID.authorityKeyIdentifier, false, encodeSequence(encodeTlv(contextPrimitive(0), keyIdentifier(issuerSpki))));

/** An end-entity gets an empty sequence: cA is DEFAULT FALSE (X.690 section 11.5). */
export const basicConstraints = (ca: boolean, pathLength?: number): Extension =>
  extension(
    OID.basicConstraints,
    true,
    encodeSequence(
      ...(ca ? [encodeTlv(TAG.boolean, Buffer.from([0xff]))] : []),
      ...(pathLength === undefined ? [] : [encodeInteger(BigInt(pathLength))]),
    ),
  );

const KEY_USAGE_BITS = { digitalSignature: 0, keyCertSign: 5, cRLSign: 6 } as const;
export type KeyUsage = keyof typeof KEY_USAGE_BITS;

/** X.690 section 11.2.2: a named-bit list ends with its last one bit. */
export const keyUsage = (...usages: readonly KeyUsage[]): Extension => {
  let octet = 0;
  let last = 0;
  for (const usage of usages) {
    octet |= 0x80 >> KEY_USAGE_BITS[usage];
    last = Math.max(last, KEY_USAGE_BITS[usage]);
  }
  return extension(OID.keyUsage, true, encodeTlv(TAG.bitString, Buffer.from([7 - last, octet])));
};

/** RFC 5280 section 4.2.1.6: dNSName and rfc822Name as IA5String, iPAddress as octets. */
export type AlternativeName = { readonly dns: string } | { readonly mailbox: string } | { readonly ip: Uint8Array };

const generalName = (name: AlternativeName): Buffer => {
  if ('dns' in name) return encodeTlv(contextPrimitive(2), Buffer.from(name.dns, 'latin1'));
  if ('mailbox' in name) return encodeTlv(contextPrimitive(1), Buffer.from(name.mailbox, 'latin1'));
  return encodeTlv(contextPrimitive(7), name.ip);
};

export const subjectAltName = (names: readonly AlternativeName[]): Extension =>
  extension(OID.subjectAltName, false, encodeSequence(...names.map(generalName)));

/** RFC 5280 section 4.2.1.10: permitted rfc822Name subtrees; a host name permits all its mailboxes, `.host` those below it. */
export const permittedMailboxes = (subtrees: readonly string[]): Extension =>
  extension(
    OID.nameConstraints,
    true,
    encodeSequence(encodeTlv(contextConstructed(0), ...subtrees.map((mailbox) => encodeSequence(generalName({ mailbox }))))),
  );

export const certificatePolicies = (...policies: readonly string[]): Extension =>
  extension(OID.certificatePolicies, false, encodeSequence(...policies.map((policy) => encodeSequence(objectIdentifier(policy)))));

export const extendedKeyUsage = (...purposes: readonly string[]): Extension =>
  extension(OID.extendedKeyUsage, false, encodeSequence(...purposes.map(objectIdentifier)));

/** Where a certificate's CRL is, and who signs it when that is not the certificate's issuer (RFC 5280 section 4.2.1.13). */
export interface CrlPoint {
  readonly url: string;
  /** DER Name of the CRL's issuer. */
  readonly crlIssuer?: Uint8Array;
}

const uri = (url: string): Buffer => encodeTlv(contextPrimitive(6), Buffer.from(url, 'latin1'));

/** DistributionPointName, a CHOICE and so tagged explicitly: fullName. */
const pointName = (url: string): Buffer => encodeTlv(contextConstructed(0), encodeTlv(contextConstructed(0), uri(url)));

const directoryName = (name: Uint8Array): Buffer => encodeTlv(contextConstructed(4), name);

export const crlDistributionPoint = ({ url, crlIssuer }: CrlPoint): Extension =>
  extension(
    OID.crlDistributionPoints,
    false,
    encodeSequence(
      encodeSequence(pointName(url), ...(crlIssuer === undefined ? [] : [encodeTlv(contextConstructed(2), directoryName(crlIssuer))])),
    ),
  );

/** RFC 5280 section 5.2.5. */
export const issuingDistributionPoint = (url: string | undefined, indirect: boolean): Extension =>
  extension(
    OID.issuingDistributionPoint,
    true,
    encodeSequence(
      ...(url === undefined ? [] : [pointName(url)]),
      ...(indirect ? [encodeTlv(contextPrimitive(4), Buffer.from([0xff]))] : []),
    ),
  );

/** RFC 5280 section 5.3.3: holds for this entry and every following one until the next. */
export const certificateIssuer = (name: Uint8Array): Extension =>
  extension(OID.certificateIssuer, true, encodeSequence(directoryName(name)));

export const crlNumber = (number: number): Extension => extension(OID.crlNumber, false, encodeInteger(BigInt(number)));

/** What a credential bound to one AP may say (DESIGN section 5). */
export interface Binding {
  /** The AP's domain. */
  readonly provider: string;
  /** Further top-level string claims and the values that each may have; `action` with `prefer` lets it sign preferences. */
  readonly permitted?: Readonly<Record<string, readonly string[]>>;
}

const bindings = new WeakMap<Binding, Extension>();

/** EnhancedJWTClaimConstraints (RFC 9118 section 3): the credential is useless for calls, and useless to any other AP. Encoded once for each binding. */
export const enhancedClaimConstraints = (binding: Binding): Extension => {
  const before = bindings.get(binding);
  if (before !== undefined) return before;
  const { provider, permitted = {} } = binding;
  const encoded = encodeClaimConstraints({
    form: 'enhanced',
    mustInclude: ['action', 'aud', 'provider'],
    permittedValues: new Map([['provider', [provider]], ...Object.entries(permitted)]),
    mustExclude: ['attest', 'origid', 'rcd', 'div', 'opt'],
  });
  const made = extension(OID.enhancedClaimConstraints, false, encoded);
  bindings.set(binding, made);
  return made;
};

/** RFC 8226 section 9: never critical. */
export const tnAuthList = (entries: readonly TnEntry[]): Extension => extension(OID.tnAuthList, false, encodeTnAuthList(entries));
