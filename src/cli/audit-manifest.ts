import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { CompactSign, compactVerify, errors } from 'jose';
import { canonicalJson, encodeBase64, parseStrictJson, JsonError } from '../encoding/index.js';
import { openCheckpoint } from '../log/index.js';
import { refuse } from '../reasons/index.js';
import { CannotRun, type AuditReport } from './audit-report.js';

/** What an export says of itself. The signature is a detached JWS (RFC 7515 appendix F) over the canonical JSON of all other members. */
export interface ManifestFacts {
  readonly v: number;
  readonly origin: string;
  readonly size: number;
  readonly root: string;
  readonly checkpoint: string;
  readonly filters: Readonly<Record<string, string | undefined>>;
  readonly format: string;
  readonly rows: number;
  /** Entries without a leaf's form. */
  readonly misfits: number;
  /** Of the octets that were written, base64. */
  readonly sha256: string;
}

const algorithmOf = (key: KeyObject): 'ES256' | 'EdDSA' => {
  if (key.asymmetricKeyType === 'ed25519') return 'EdDSA';
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ES256';
  throw new CannotRun('the key is neither Ed25519 nor P-256');
};

const readKey = async (file: string, parse: (pem: Buffer) => KeyObject): Promise<KeyObject> => {
  const pem = await readFile(file);
  try {
    return parse(pem);
  } catch {
    throw new CannotRun(`${file} is no such key in PEM`);
  }
};

/** @throws CannotRun */
export const readSigningKey = async (file: string): Promise<KeyObject> => {
  const key = await readKey(file, createPrivateKey);
  algorithmOf(key);
  return key;
};

export const signManifest = async (facts: ManifestFacts, key: KeyObject): Promise<string> => {
  const jws = await new CompactSign(Buffer.from(canonicalJson(facts)))
    .setProtectedHeader({ alg: algorithmOf(key), typ: 'signpost-export' })
    .sign(key);
  const [header, , signature] = jws.split('.');
  return `${JSON.stringify({ ...facts, signature: `${header}..${signature}` }, null, 2)}\n`;
};

const MEMBERS = 'v,origin,size,root,checkpoint,filters,format,rows,misfits,sha256,signature';

/** @throws Refusal `malformed-proof` */
const parseManifest = (octets: Uint8Array): ManifestFacts & { readonly signature: string } => {
  let value: unknown;
  try {
    value = parseStrictJson(octets);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    return refuse('malformed-proof', 'manifest');
  }
  if (typeof value !== 'object' || value === null || Object.keys(value).join() !== MEMBERS)
    return refuse('malformed-proof', 'manifest members');
  const manifest = value as ManifestFacts & { readonly signature: string };
  const isTexts = [manifest.origin, manifest.root, manifest.checkpoint, manifest.format, manifest.sha256, manifest.signature].every(
    (text) => typeof text === 'string',
  );
  return isTexts && manifest.v === 1 ? manifest : refuse('malformed-proof', 'manifest members');
};

/** @throws Refusal `untrusted-note` when this key has not signed it */
const checkSignature = async ({ signature, ...facts }: ManifestFacts & { readonly signature: string }, key: KeyObject): Promise<void> => {
  const [header, nothing, value, more] = signature.split('.');
  const payload = Buffer.from(canonicalJson(facts)).toString('base64url');
  if (nothing !== '' || more !== undefined) return refuse('malformed-proof', 'signature');
  try {
    await compactVerify(`${header}.${payload}.${value}`, key, { algorithms: [algorithmOf(key)] });
  } catch (error) {
    if (error instanceof errors.JOSEError) return refuse('untrusted-note', 'the key has not signed this manifest');
    throw error;
  }
};

const digestOf = async (file: string): Promise<string> => {
  const digest = createHash('sha256');
  for await (const part of createReadStream(file)) digest.update(part as Buffer);
  return digest.digest('base64');
};

export interface ManifestOptions {
  readonly manifest: string;
  readonly signer?: string;
  readonly logVkey?: string;
}

/** Verifies that who has `signer` exported exactly this file, under a checkpoint that the log signed. */
export const verifyManifest = async (file: string, { manifest: path, signer, logVkey }: ManifestOptions): Promise<AuditReport> => {
  if (signer === undefined || logVkey === undefined) throw new CannotRun('--signer and --log-vkey are needed with --manifest');
  const key = await readKey(signer, createPublicKey);
  const manifest = parseManifest(await readFile(path));
  await checkSignature(manifest, key);
  const { origin, size, root } = openCheckpoint(manifest.checkpoint, logVkey);
  const isOfCheckpoint = origin === manifest.origin && Number(size) === manifest.size && encodeBase64(root) === manifest.root;
  if (!isOfCheckpoint) return refuse('malformed-proof', 'the manifest says another log than its checkpoint');
  if ((await digestOf(file)) !== manifest.sha256) return refuse('inclusion-failed', 'the file is not what was exported');
  const { filters, format, rows } = manifest;
  return {
    code: 0,
    json: { holds: true, kind: 'export', origin, size: manifest.size, root: manifest.root, filters, format, rows },
    words: `holds: ${rows} entries of ${origin} as ${format}, under its checkpoint of ${manifest.size} entries, exported with ${JSON.stringify(filters)}`,
  };
};
