import { readFileSync } from 'node:fs';
import { readPkcs12, writePkcs12 } from '../../encoding/index.js';
import type { RandomSource } from '../../ports/index.js';
import { refuse } from '../../reasons/index.js';
import { parseCertificate, type Certificate } from '../../x509/index.js';
import { NO_CA, type DeskFiles } from './desk-files.js';
import { writePublic } from './pem-files.js';

/** From the certificate of this key up, each next one by the name that the one before gives its issuer: bundles are in no order. */
const inOrder = (certificates: readonly Certificate[], spki: Uint8Array): Certificate[] => {
  const path: Certificate[] = [];
  let next = certificates.find(({ publicKey }) => Buffer.compare(publicKey.spki, spki) === 0);
  while (next !== undefined && !path.includes(next)) {
    path.push(next);
    const { issuer, isSelfIssued } = next;
    next = isSelfIssued ? undefined : certificates.find(({ subject }) => subject.equals(issuer));
  }
  return path;
};

/**
 * The path that a PKCS#12 bundle has for the key of a desk, its own certificate first.
 * @throws Refusal `malformed-chain` when it is no bundle, the password is wrong, or no certificate is for this key; `unsupported-key` when a private key is in
 *   it: keys stay where they were made
 */
export const readBundle = (file: string, password: string, spki: Uint8Array): Buffer[] => {
  const { certificates, keys } = readPkcs12(readFileSync(file), password);
  if (keys > 0) return refuse('unsupported-key', 'a private key in the bundle: give certificates alone');
  const path = inOrder(
    certificates.map((der) => parseCertificate(der)),
    spki,
  );
  return path.length === 0 ? refuse('malformed-chain', 'no certificate for the key of the desk') : path.map(({ der }) => Buffer.from(der));
};

/** Writes the certificates of a desk, its own credential's and its CA's, without any key. @throws Refusal `credential-missing` */
export const writeBundle = (files: DeskFiles, file: string, { password, random }: { password: string; random: RandomSource }): number => {
  const ca = files.certificates('ca');
  if (ca.length === 0) return refuse('credential-missing', NO_CA);
  const own = files.certificates('own').slice(0, 1);
  writePublic(file, writePkcs12([...own, ...ca], password, random(16)), files.disk);
  return own.length + ca.length;
};
