import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { decodePem, encodePem } from '../../encoding/index.js';
import { refuse } from '../../reasons/index.js';
import { nodeDisk, type Disk } from './disk.js';

const writeFile = (path: string, text: string | Uint8Array, mode: number, disk: Disk): void => {
  const unfinished = `${path}.new`;
  disk.makeDirectory(dirname(path));
  disk.write(unfinished, typeof text === 'string' ? Buffer.from(text) : text, mode);
  disk.rename(unfinished, path);
  disk.syncDirectory(dirname(path));
};

/** Whole or not at all: written beside, synced, then renamed over the old one. */
export const writePublic = (path: string, text: string | Uint8Array, disk: Disk = nodeDisk): void => writeFile(path, text, 0o644, disk);
export const writeSecret = (path: string, text: string | Uint8Array, disk: Disk = nodeDisk): void => writeFile(path, text, 0o600, disk);

export const writeCertificates = (path: string, certificates: readonly Uint8Array[], disk?: Disk): void =>
  writePublic(path, certificates.map((der) => encodePem('CERTIFICATE', der)).join(''), disk);

export const writeRevocationList = (path: string, crl: Uint8Array, disk?: Disk): void =>
  writePublic(path, encodePem('X509 CRL', crl), disk);

/** PKCS#8; with a passphrase PBES2 under AES-256 (RFC 8018). Readable by the owner alone. */
export const writePrivateKey = (path: string, key: KeyObject, passphrase?: string, disk?: Disk): void => {
  const protection = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  writeSecret(path, key.export({ format: 'pem', type: 'pkcs8', ...protection }).toString(), disk);
};

/** @throws Refusal `malformed-chain` when the file holds no certificate or anything else */
export const readCertificates = (path: string): Buffer[] => {
  const blocks = decodePem(readFileSync(path, 'utf8'));
  if (blocks.length === 0 || blocks.some(({ label }) => label !== 'CERTIFICATE')) return refuse('malformed-chain', 'not certificates');
  return blocks.map(({ der }) => der);
};

/** A key under a passphrase that was not given, or is another: whether it is a key is not known. */
export class LockedKey extends Error {
  override readonly name = 'LockedKey';
}

/** PKCS#8, or what OpenSSL wrote before it. */
const LOCKED = /^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;

/** @throws LockedKey when the passphrase is missing or wrong; Refusal `unsupported-key` when it is no private key */
export const readPrivateKey = (path: string, passphrase?: string): KeyObject => {
  const pem = readFileSync(path, 'utf8');
  const isLocked = LOCKED.test(pem);
  if (isLocked && passphrase === undefined)
    throw new LockedKey(`${path} is under a passphrase: give --passphrase-file, or SIGNPOST_PASSPHRASE`);
  try {
    return createPrivateKey(passphrase === undefined ? pem : { key: pem, passphrase });
  } catch {
    if (isLocked) throw new LockedKey(`${path} is under another passphrase than the one that was given`);
    return refuse('unsupported-key', 'not a private key in PEM');
  }
};
