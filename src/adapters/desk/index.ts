export { makeDevPki, openDevPki, type DevPki, type DevPkiOptions } from './dev-pki.js';
export { type DevManifest, type ManifestClient, type ManifestCredential } from './dev-manifest.js';
export { Desk, type Grant, type SubjectKey } from './desk.js';
export { DeskFiles, type DeskIdentity } from './desk-files.js';
export { installPath, openDelegated, openWithRequest, openWithRoot, type Opening } from './desk-opening.js';
export { readCertificates, readPrivateKey, writeCertificates, writePrivateKey, writeRevocationList } from './pem-files.js';
