export { DeskAttestations, openSubjectKey } from './attestations.js';
export { BulkOut, type BulkHeader, type BulkRow } from './bulk-out.js';
export { readBundle, writeBundle } from './bundle.js';
export { AcmeDesk } from './acme-desk.js';
export { makeDevPki, openDevPki, type DevPki, type DevPkiOptions } from './dev-pki.js';
export { type DevManifest, type ManifestClient, type ManifestCredential } from './dev-manifest.js';
export { type CredentialRequest, type SubjectKey } from './credentials.js';
export { Desk, type DeskOptions } from './desk.js';
export type { BatchItem, DelegateBatch, Granting, Renewed, Ungranting } from './desk-requests.js';
export { type DeskSigners } from './desk-authority.js';
export { DeskFiles, type DeskIdentity } from './desk-files.js';
export { DeskLock, PATIENCE, type Patience } from './desk-lock.js';
export { nodeDisk, type Disk } from './disk.js';
export { type ListedCredential, type ListFilter } from './listing.js';
export { checkNumbering, importNumbering } from './numbering-data.js';
export { type Published, type Revoking } from './publications.js';
export { ShownPublications } from './shown.js';
export { installPath, openDelegated, openWithRequest, openWithRoot, type Opening } from './desk-opening.js';
export {
  LockedKey,
  readCertificates,
  readPrivateKey,
  writeCertificates,
  writePrivateKey,
  writeRevocationList,
  writeSecret,
} from './pem-files.js';
export { writePublicFolder } from './public-folder.js';
export { checkDevelopmentPki, linkIntoDevelopmentPki } from './development-trust.js';
