import type { TnEntry } from '../x509/index.js';
import type { Authority, Issuer, Terms } from './authority.js';
import { newSerial, signCertificate, type CertificateTemplate } from './certificate.js';
import {
  authorityKeyIdentifier,
  basicConstraints,
  certificatePolicies,
  crlDistributionPoint,
  enhancedClaimConstraints,
  extendedKeyUsage,
  keyUsage,
  subjectAltName,
  subjectKeyIdentifier,
  tnAuthList,
  type AlternativeName,
  type Binding,
  type CrlPoint,
  type Extension,
} from './extensions.js';

/** What may stand in an end-entity certificate beyond the constant parts. */
export interface EndEntityContent {
  readonly subject: Buffer;
  readonly numbers?: readonly TnEntry[];
  readonly names?: readonly AlternativeName[];
  readonly binding?: Binding;
  readonly policies?: readonly string[];
  readonly purposes?: readonly string[];
  readonly crl?: CrlPoint;
}

const extensionsOf = (issuer: Issuer, spki: Uint8Array, content: EndEntityContent): Extension[] => [
  basicConstraints(false),
  keyUsage('digitalSignature'),
  subjectKeyIdentifier(spki),
  authorityKeyIdentifier(issuer.key.spki),
  ...(content.policies === undefined ? [] : [certificatePolicies(...content.policies)]),
  ...(content.purposes === undefined ? [] : [extendedKeyUsage(...content.purposes)]),
  ...(content.crl === undefined ? [] : [crlDistributionPoint(content.crl)]),
  ...(content.names === undefined ? [] : [subjectAltName(content.names)]),
  ...(content.numbers === undefined ? [] : [tnAuthList(content.numbers)]),
  ...(content.binding === undefined ? [] : [enhancedClaimConstraints(content.binding)]),
];

/** All that stands in an end-entity certificate for the key of `spki`, for any signer to sign. */
export const endEntityTemplate = (issuer: Issuer, spki: Uint8Array, content: EndEntityContent, terms: Terms): CertificateTemplate => ({
  serial: newSerial(terms.random),
  issuer: issuer.name,
  subject: content.subject,
  notBefore: terms.notBefore,
  notAfter: terms.notAfter,
  spki,
  extensions: extensionsOf(issuer, spki, content),
});

/** An end-entity certificate for the key of `spki`. Issues what it is asked for; scope.ts decides what may be asked. */
export const issueEndEntity = (issuer: Authority, spki: Uint8Array, content: EndEntityContent, terms: Terms): Buffer =>
  signCertificate(endEntityTemplate(issuer, spki, content, terms), issuer.key.privateKey);

/** The path that a PASSporT carries: end-entity first, no anchor. */
export const pathOf = (certificate: Buffer, issuer: Pick<Authority, 'path'>): Buffer[] => [certificate, ...issuer.path];
