import { createPublicKey, type KeyObject } from 'node:crypto';
import { TAG, contextConstructed, readChildren, readWhole, wholeOf } from '../encoding/index.js';
import type { RandomSource } from '../ports/index.js';
import type { TnEntry } from '../x509/index.js';
import { newSerial, signCertificate } from './certificate.js';
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
import { signedPart } from './signed-structure.js';

/** A CA: its key and its place in the hierarchy. */
export interface Authority {
  readonly key: KeyPair;
  /** DER Name, as in its certificate. */
  readonly name: Buffer;
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
  signCertificate(
    {
      serial: newSerial(terms.random),
      issuer: issuer.name,
      subject: content.subject,
      notBefore: terms.notBefore,
      notAfter: terms.notAfter,
      spki,
      extensions: caExtensions(spki, issuer.key.spki, content),
    },
    issuer.key.privateKey,
  );

/** Serial number, subject and key of a certificate that the desk itself issued or was given as its own. */
export const readIssued = (certificate: Uint8Array): { readonly serial: Buffer; readonly subject: Buffer; readonly spki: Buffer } => {
  const tbs = signedPart(certificate);
  const parts = readChildren(tbs, readWhole(tbs, TAG.sequence)).filter((part) => part.tag !== contextConstructed(0));
  const [serial, , , , subject, spki] = parts;
  if (serial === undefined || subject === undefined || spki === undefined) throw new Error('not a certificate of the desk');
  return {
    serial: Buffer.from(tbs.subarray(serial.content, serial.end)),
    subject: Buffer.from(wholeOf(tbs, subject)),
    spki: Buffer.from(wholeOf(tbs, spki)),
  };
};

/** An authority read back from its files. `path` begins with its own certificate, or is empty for a root. */
export const authorityOf = (certificate: Buffer, privateKey: KeyObject, path: readonly Buffer[]): Authority => {
  const { subject, spki } = readIssued(certificate);
  if (!createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).equals(spki)) {
    throw new Error('the private key is not the one that the certificate names');
  }
  return { key: { privateKey, spki }, name: subject, certificate, path };
};
