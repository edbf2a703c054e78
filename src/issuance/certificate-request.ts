import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { Sequence } from 'asn1js';
import * as pkijs from 'pkijs';
import { DerError, TAG, checkCanonicalDer, contentOf, readChildren, readWhole, wholeOf } from '../encoding/index.js';
import { refuse } from '../reasons/index.js';
import { readExtension } from '../x509/index.js';
import type { Extension } from './extensions.js';
import type { KeyPair } from './keys.js';
import { OID } from './object-identifiers.js';
import { copied, distinguishedName, extensionPart, publicKey } from './pkijs-parts.js';
import { signStructure, signatureScheme, signedPart } from './signed-structure.js';

/** A PKCS#10 request (RFC 2986) of which the signature holds: whoever sent it has the private key. */
export interface CertificateRequest {
  readonly subject: Buffer;
  readonly spki: Buffer;
  /** What it asks for; a CA copies none of it unread. */
  readonly extensions: readonly Extension[];
}

const requestedExtensions = (extensions: readonly Extension[]): pkijs.Attribute =>
  new pkijs.Attribute({
    type: OID.extensionRequest,
    values: [new pkijs.Extensions({ extensions: extensions.map(extensionPart) }).toSchema()],
  });

/** DER of a request for `subject`, signed with its own key. */
export const createRequest = (key: KeyPair, subject: Uint8Array, extensions: readonly Extension[]): Buffer => {
  const request = new pkijs.CertificationRequest({
    version: 0,
    subject: distinguishedName(subject),
    subjectPublicKeyInfo: publicKey(key.spki),
    attributes: extensions.length === 0 ? [] : [requestedExtensions(extensions)],
  });
  return signStructure(signedPart(new Uint8Array(request.toSchema(true).toBER(false))), key.privateKey);
};

/** Read by our own reader: pkijs cannot decode an empty list of extensions. */
const extensionsOf = (request: pkijs.CertificationRequest): Extension[] => {
  const [attribute, another] = (request.attributes ?? []).filter(({ type }) => type === OID.extensionRequest);
  if (attribute === undefined) return [];
  // RFC 2985 section 5.4.2: one value. What another reader takes for the list must not be what this one passed over.
  const [value, more]: unknown[] = attribute.values;
  if (another !== undefined || more !== undefined || !(value instanceof Sequence)) throw new DerError('extensionRequest');
  const der = Buffer.from(value.toBER(false));
  return readChildren(der, readWhole(der, TAG.sequence)).map((child) => {
    const { oid, critical, value: octets } = readExtension(der, child);
    return { oid, critical, value: Buffer.from(octets) };
  });
};

const publicKeyOf = (spki: Buffer): KeyObject => {
  try {
    return createPublicKey({ key: spki, format: 'der', type: 'spki' });
  } catch {
    return refuse('unsupported-key', 'no public key');
  }
};

const signatureHolds = (der: Uint8Array, spki: Buffer): boolean => {
  const signature = readChildren(der, readWhole(der, TAG.sequence))[2];
  if (signature === undefined) return false;
  const key = publicKeyOf(spki);
  if (key.asymmetricKeyType !== 'ec') return refuse('unsupported-key', 'not EC');
  return verify(signatureScheme(key).hash, signedPart(der), key, contentOf(der, signature).subarray(1));
};

/**
 * Parses a request and verifies that it was signed with the key that it names. Proves possession of the key, nothing else.
 * @throws Refusal `malformed-request`, `unsupported-key`, `bad-signature`
 */
export const verifyRequest = (der: Uint8Array): CertificateRequest => {
  const request = parsed(der);
  if (!signatureHolds(der, request.spki)) return refuse('bad-signature', 'certificate request');
  return request;
};

const parsed = (der: Uint8Array): CertificateRequest => {
  try {
    checkCanonicalDer(der);
    const tbs = signedPart(der);
    const [, subject, spki] = readChildren(tbs, readWhole(tbs, TAG.sequence));
    if (subject === undefined || spki === undefined) throw new DerError('parts');
    const request = pkijs.CertificationRequest.fromBER(copied(der));
    return { subject: Buffer.from(wholeOf(tbs, subject)), spki: Buffer.from(wholeOf(tbs, spki)), extensions: extensionsOf(request) };
  } catch {
    return refuse('malformed-request', 'certificate request');
  }
};
