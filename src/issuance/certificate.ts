import type { KeyObject } from 'node:crypto';
import type { RandomSource, Signer } from '../ports/index.js';
import { schemeOf, signStructure, signStructureThrough, signatureScheme } from './signed-structure.js';
import { encodeTbsCertificate, type CertificateTemplate } from './to-be-signed.js';

export type { CertificateTemplate } from './to-be-signed.js';

/** RFC 5280 section 4.1.2.2: positive, at most 20 octets. 126 random bits, so that nobody foresees the octets that are signed. */
export const newSerial = (random: RandomSource): Buffer => {
  const serial = Buffer.from(random(16));
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return serial;
};

/** DER of a version 3 certificate. Signs what it is given: what an issuer may sign at all is the rule of scope.ts. */
export const signCertificate = (template: CertificateTemplate, issuerKey: KeyObject): Buffer =>
  signStructure(encodeTbsCertificate(template, signatureScheme(issuerKey).oid), issuerKey);

/** `signCertificate` through a signer. @throws Refusal `bad-signature`, and what the signer rejects with */
export const signCertificateThrough = (template: CertificateTemplate, signer: Signer): Promise<Buffer> =>
  signStructureThrough(encodeTbsCertificate(template, schemeOf(signer).oid), signer);
