import { keySigner, type Authority, type Issuer } from '../../issuance/index.js';
import type { Signer } from '../../ports/index.js';
import { refuse } from '../../reasons/index.js';
import { parseCertificate } from '../../x509/index.js';
import type { DeskFiles } from './desk-files.js';
import { readCertificates } from './pem-files.js';

/** A CA of the desk, and what signs for it. */
export interface DeskAuthority {
  readonly authority: Issuer & Pick<Authority, 'certificate' | 'path'>;
  readonly signer: Signer;
}

/** Signers for keys that are not on file: in a PKCS#11 module, say, or a key management service. */
export type DeskSigners = Partial<Readonly<Record<'ca' | 'root', Signer>>>;

const signers = new WeakMap<Authority, Signer>();

const ofFile = (authority: Authority): DeskAuthority => {
  const signer = signers.get(authority) ?? keySigner(authority.key);
  signers.set(authority, signer);
  return { authority, signer };
};

const withSigner = (files: DeskFiles, name: 'ca' | 'root', signer: Signer): DeskAuthority | null => {
  if (files.disk.stat(files.path(`${name}.pem`)) === null) return null;
  const path = readCertificates(files.path(`${name}.pem`));
  const [certificate = Buffer.alloc(0)] = path;
  const { subject, publicKey, isSelfIssued } = parseCertificate(certificate);
  if (!Buffer.from(publicKey.spki).equals(signer.spki)) return refuse('unsupported-key', 'not the key of the certificate');
  const key = { spki: Buffer.from(signer.spki) };
  return { authority: { key, name: Buffer.from(subject.der), certificate, path: isSelfIssued ? [] : path }, signer };
};

/** Null while the desk has no such CA. @throws Refusal `unsupported-key` when the key is not the one that the certificate names */
export const deskAuthority = (files: DeskFiles, name: 'ca' | 'root', given: DeskSigners): DeskAuthority | null => {
  const signer = given[name];
  if (signer !== undefined) return withSigner(files, name, signer);
  const authority = name === 'ca' ? files.ca() : files.root();
  return authority === null ? null : ofFile(authority);
};
