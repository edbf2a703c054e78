import { createPrivateKey, type KeyObject } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { decodePem, encodePem } from '../../encoding/index.js';
import { refuse } from '../../reasons/index.js';

const writeFile = (path: string, text: string, mode: number): void => {
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.new`;
  const file = openSync(unfinished, 'w', mode);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(unfinished, path);
  syncDirectory(dirname(path));
};

/** A new name is durable only once its directory is. */
export const syncDirectory = (path: string): void => {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
};

/** Whole or not at all: written beside, synced, then renamed over the old one. */
export const writePublic = (path: string, text: string): void => writeFile(path, text, 0o644);
export const writeSecret = (path: string, text: string): void => writeFile(path, text, 0o600);

export const writeCertificates = (path: string, certificates: readonly Uint8Array[]): void =>
  writePublic(path, certificates.map((der) => encodePem('CERTIFICATE', der)).join(''));

export const writeRevocationList = (path: string, crl: Uint8Array): void => writePublic(path, encodePem('X509 CRL', crl));

/** PKCS#8; with a passphrase PBES2 under AES-256 (RFC 8018). Readable by the owner alone. */
export const writePrivateKey = (path: string, key: KeyObject, passphrase?: string): void => {
  const protection = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  writeSecret(path, key.export({ format: 'pem', type: 'pkcs8', ...protection }).toString());
};

/** @throws Refusal `malformed-chain` when the file holds no certificate or anything else */
export const readCertificates = (path: string): Buffer[] => {
  const blocks = decodePem(readFileSync(path, 'utf8'));
  if (blocks.length === 0 || blocks.some(({ label }) => label !== 'CERTIFICATE')) return refuse('malformed-chain', 'not certificates');
  return blocks.map(({ der }) => der);
};

/** @throws Refusal `unsupported-key` when it is no private key or the passphrase is wrong */
export const readPrivateKey = (path: string, passphrase?: string): KeyObject => {
  const pem = readFileSync(path, 'utf8');
  try {
    return createPrivateKey(passphrase === undefined ? pem : { key: pem, passphrase });
  } catch {
    return refuse('unsupported-key', 'private key or passphrase');
  }
};
