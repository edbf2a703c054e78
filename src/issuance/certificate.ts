import type { KeyObject } from 'node:crypto';
import { Integer } from 'asn1js';
import * as pkijs from 'pkijs';
import type { RandomSource, Signer } from '../ports/index.js';
import type { Extension } from './extensions.js';
import { algorithm, copied, distinguishedName, extensionPart, publicKey, time } from './pkijs-parts.js';
import { schemeOf, signStructure, signStructureThrough, signatureScheme } from './signed-structure.js';

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

/** RFC 5280 section 4.1.2.2: positive, at most 20 octets. 126 random bits, so that nobody foresees the octets that are signed. */
export const newSerial = (random: RandomSource): Buffer => {
  const serial = Buffer.from(random(16));
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return serial;
};

const certificateTbs = (template: CertificateTemplate, algorithmOid: string): Buffer => {
  const certificate = new pkijs.Certificate({
    version: 2,
    serialNumber: new Integer({ valueHex: copied(template.serial) }),
    signature: algorithm(algorithmOid),
    issuer: distinguishedName(template.issuer),
    notBefore: time(template.notBefore),
    notAfter: time(template.notAfter),
    subject: distinguishedName(template.subject),
    subjectPublicKeyInfo: publicKey(template.spki),
    extensions: template.extensions.map(extensionPart),
  });
  return Buffer.from(certificate.encodeTBS().toBER(false));
};

/** DER of a version 3 certificate. Signs what it is given: what an issuer may sign at all is the rule of scope.ts. */
export const signCertificate = (template: CertificateTemplate, issuerKey: KeyObject): Buffer =>
  signStructure(certificateTbs(template, signatureScheme(issuerKey).oid), issuerKey);

/** `signCertificate` through a signer. @throws Refusal `bad-signature`, and what the signer rejects with */
export const signCertificateThrough = (template: CertificateTemplate, signer: Signer): Promise<Buffer> =>
  signStructureThrough(certificateTbs(template, schemeOf(signer).oid), signer);
