import { createPublicKey, type KeyObject } from 'node:crypto';
import type { RandomSource } from '../ports/index.js';
import { refuse } from '../reasons/index.js';
import { parseCertificate, type TnEntry } from '../x509/index.js';
import { newSerial, signCertificate, type CertificateTemplate } from './certificate.js';
import {
  authorityKeyIdentifier,
  basicConstraints,
  certificatePolicies,
  crlDistributionPoint,
  keyUsage,
  permittedMailboxes,
  subjectKeyIdentifier,
  tnAuthList,
  type CrlPoint,
  type Extension,
} from './extensions.js';
import type { KeyPair } from './keys.js';

/** A CA as what it issues names it: all of it but the private key. */
export interface Issuer {
  readonly key: Pick<KeyPair, 'spki'>;
  /** DER Name, as in its certificate. */
  readonly name: Buffer;
}

/** A CA: its key and its place in the hierarchy. */
export interface Authority extends Issuer {
  readonly key: KeyPair;
  readonly certificate: Buffer;
  /** Certificates from this one up, without the anchor: what follows an end-entity in a path. Empty for a root. */
  readonly path: readonly Buffer[];
}

/** What an issuance needs of the outside. Times in seconds; `notBefore` is never earlier than the moment of issuing (DESIGN section 7). */
export interface Terms {
  readonly random: RandomSource;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Where an issuer that lasts gets the time (ms since 1970) and randomness from. */
export interface IssuingSources {
  readonly now: () => number;
  readonly random: RandomSource;
}

/** What may stand in a CA certificate beyond the constant parts. */
export interface CaContent {
  readonly subject: Buffer;
  readonly pathLength?: number;
  readonly numbers?: readonly TnEntry[];
  /** Permitted rfc822Name subtrees: makes it the issuer of mailbox certificates. */
  readonly mailboxes?: readonly string[];
  readonly policies?: readonly string[];
  readonly crl?: CrlPoint;
}

const caExtensions = (spki: Uint8Array, issuerSpki: Uint8Array, content: CaContent): Extension[] => [
  basicConstraints(true, content.pathLength),
  keyUsage('keyCertSign', 'cRLSign'),
  subjectKeyIdentifier(spki),
  authorityKeyIdentifier(issuerSpki),
  ...(content.policies === undefined ? [] : [certificatePolicies(...content.policies)]),
  ...(content.crl === undefined ? [] : [crlDistributionPoint(content.crl)]),
  ...(content.mailboxes === undefined ? [] : [permittedMailboxes(content.mailboxes)]),
  ...(content.numbers === undefined ? [] : [tnAuthList(content.numbers)]),
];

/** A self-signed trust anchor. */
export const issueRoot = (key: KeyPair, content: CaContent, terms: Terms): Authority => {
  const certificate = signCertificate(
    {
      serial: newSerial(terms.random),
      issuer: content.subject,
      subject: content.subject,
      notBefore: terms.notBefore,
      notAfter: terms.notAfter,
      spki: key.spki,
      extensions: caExtensions(key.spki, key.spki, content),
    },
    key.privateKey,
  );
  return { key, name: content.subject, certificate, path: [] };
};

/** A CA below `issuer`. Issues what it is asked for; scope.ts decides what may be asked. */
export const issueCa = (issuer: Authority, key: KeyPair, content: CaContent, terms: Terms): Authority => {
  const certificate = certifyCa(issuer, key.spki, content, terms);
  return { key, name: content.subject, certificate, path: [certificate, ...issuer.path] };
};

/** A CA certificate for a key that stays with its owner. */
export const certifyCa = (issuer: Authority, spki: Uint8Array, content: CaContent, terms: Terms): Buffer =>
  signCertificate(caTemplate(issuer, spki, content, terms), issuer.key.privateKey);

/** All that stands in the certificate of a CA below `issuer`, for any signer to sign. */
export const caTemplate = (issuer: Issuer, spki: Uint8Array, content: CaContent, terms: Terms): CertificateTemplate => ({
  serial: newSerial(terms.random),
  issuer: issuer.name,
  subject: content.subject,
  notBefore: terms.notBefore,
  notAfter: terms.notAfter,
  spki,
  extensions: caExtensions(spki, issuer.key.spki, content),
});

/**
 * An authority read back from its files. `above`: the certificates over it, without the anchor; a self-issued certificate is the anchor itself.
 * @throws Refusal `malformed-cert`, `unsupported-key` when the private key is not the one that the certificate names
 */
export const authorityOf = (certificate: Buffer, privateKey: KeyObject, above: readonly Buffer[]): Authority => {
  const { subject, publicKey, isSelfIssued } = parseCertificate(certificate);
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  if (!spki.equals(publicKey.spki)) return refuse('unsupported-key', 'not the key of the certificate');
  return { key: { privateKey, spki }, name: Buffer.from(subject.der), certificate, path: isSelfIssued ? [] : [certificate, ...above] };
};
