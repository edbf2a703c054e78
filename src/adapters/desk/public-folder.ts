import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Publication } from '../../issuance/index.js';
import { nodeDisk, type Disk } from './disk.js';
import { writePublic } from './pem-files.js';

const INDEX = 'publication.json';

const index = z.strictObject({
  baseUrl: z.string().nullable(),
  publications: z.array(z.strictObject({ path: z.string(), mediaType: z.string(), maxAge: z.int() })),
});

const before = (folder: string, disk: Disk): readonly string[] => {
  const text = disk.read(join(folder, INDEX))?.toString('utf8');
  return text === undefined ? [] : index.parse(JSON.parse(text)).publications.map(({ path }) => path);
};

/**
 * Writes publications as static files, for any web server. Order of writes: (1) each file, whole or not at all; (2) `publication.json`, which names them and how
 * each is to be served; (3) what the index before named and this one does not is removed. So all that an index names is there, whenever the process ends.
 */
export const writePublicFolder = (
  folder: string,
  publications: readonly Publication[],
  baseUrl: string | null,
  disk: Disk = nodeDisk,
): void => {
  const old = before(folder, disk);
  for (const { path, octets } of publications) writePublic(join(folder, path), octets, disk);
  const told = publications.map(({ path, mediaType, maxAge }) => ({ path, mediaType, maxAge }));
  writePublic(join(folder, INDEX), `${JSON.stringify({ baseUrl, publications: told }, null, 2)}\n`, disk);
  for (const path of old.filter((one) => !told.some((now) => now.path === one))) {
    disk.remove(join(folder, path));
    disk.syncDirectory(dirname(join(folder, path)));
  }
};
