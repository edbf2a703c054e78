import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const client = z.object({
  domain: z.string(),
  kind: z.string(),
  class: z.string().nullish(),
  spc: z.string().nullish(),
  cert: z.string(),
  key: z.string(),
});

const credential = z.object({
  use: z.enum(['np', 'delegate', 'ep', 'mailbox']),
  spc: z.string().nullish(),
  provider: z.string().nullish(),
  domain: z.string().nullish(),
  chain: z.string(),
  key: z.string(),
  numbers: z.array(z.object({ start: z.string(), count: z.int().positive() })).default([]),
});
export type ManifestCredential = z.infer<typeof credential>;

const manifest = z.object({
  audience: z.string(),
  tlsCa: z.string(),
  clients: z.array(client),
  credentials: z.array(credential),
  anchors: z.record(z.string(), z.array(z.string())),
  crls: z.array(z.string()),
});
export type Manifest = z.infer<typeof manifest>;

/** The `manifest.json` of a PKI directory (CONTRACT section 3). @throws Error when it cannot be read or has another shape */
export const readManifest = (directory: string): Manifest =>
  manifest.parse(JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8')));

/** Whether the credential names this number. The gateway decides; this only picks a file. */
export const namesNumber = (one: ManifestCredential, tn: string): boolean =>
  one.numbers.some(
    ({ start, count }) => start.length === tn.length && BigInt(tn) >= BigInt(start) && BigInt(tn) < BigInt(start) + BigInt(count),
  );
