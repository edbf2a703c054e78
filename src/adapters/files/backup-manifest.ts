import { createHmac, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { refuse } from '../../reasons/index.js';
import type { FileSystem } from './file-system.js';

/** What a backup holds (docs/adr/0027). Written last: a folder without it is no backup. */
export const MANIFEST = 'manifest.json';

/** Below the backup, or of `keys/` below the folder of keys: no way out of either. */
const PATH = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;
const MAC = /^[0-9a-f]{64}$/;

const body = z.strictObject({
  v: z.literal(1),
  origin: z.string(),
  /** ISO 8601: when it was begun. */
  at: z.string(),
  /** Records of the write-ahead log, and the root over them in base64. */
  size: z.int().min(0),
  root: z.string(),
  /** `keys/` is in another folder. */
  keysApart: z.boolean(),
  files: z.array(z.strictObject({ path: z.string().regex(PATH), octets: z.int().min(0), sha256: z.string().regex(MAC) })),
});

const signed = body.extend({ mac: z.string().regex(MAC) });

export type BackupManifest = z.output<typeof body>;

export interface ReadManifest {
  readonly manifest: BackupManifest;
  /** Whether it was written by who has this pepper: whoever can write in the backup alone cannot name other files. */
  readonly isOf: (pepper: Uint8Array) => boolean;
}

/** No SII begins so: the pepper's HMAC over one never is a manifest's. Members count in the order of the form above. */
const macOf = (pepper: Uint8Array, manifest: BackupManifest): Buffer =>
  createHmac('sha256', pepper)
    .update(`backup\0${JSON.stringify(body.parse(manifest))}`)
    .digest();

export const encodeManifest = (pepper: Uint8Array, manifest: BackupManifest): Buffer =>
  Buffer.from(`${JSON.stringify({ ...manifest, mac: macOf(pepper, manifest).toString('hex') }, null, 1)}\n`);

/** @throws Refusal `log-corrupt` where there is none, or it is not what was written; StorageFault */
export const readManifest = async (fs: FileSystem, backup: string): Promise<ReadManifest> => {
  const octets = await fs.readWhole(join(backup, MANIFEST));
  if (octets === null) return refuse('log-corrupt', `${MANIFEST} is missing: this is no backup, or one that was not finished`);
  const { mac, ...manifest } = parsed(octets);
  return { manifest, isOf: (pepper) => timingSafeEqual(Buffer.from(mac, 'hex'), macOf(pepper, manifest)) };
};

const parsed = (octets: Buffer): z.output<typeof signed> => {
  try {
    return signed.parse(JSON.parse(octets.toString('utf8')));
  } catch {
    return refuse('log-corrupt', `${MANIFEST} is damaged`);
  }
};
