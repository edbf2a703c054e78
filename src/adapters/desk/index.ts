export { makeDevPki, openDevPki, type DevPki, type DevPkiOptions } from './dev-pki.js';
export { type DevManifest, type ManifestClient, type ManifestCredential } from './dev-manifest.js';
