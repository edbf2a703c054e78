import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { FileCrlArchive } from '../../src/adapters/files/index.js';
import { fsckCrls } from '../../src/cli/audit-fsck-crls.js';

test('a flipped bit in a kept CRL is found, and its file named', async () => {
  const place = await mkdtemp(join(tmpdir(), 'signpost-fsck-crls-'));
  await new FileCrlArchive(join(place, 'crls')).save({
    url: 'https://crl.example/1',
    fetchedAt: 1,
    crl: Buffer.from('a crl'),
    signers: [],
  });
  expect(await fsckCrls(place)).toBeNull();
  const [name = ''] = await readdir(join(place, 'crls'));
  const file = join(place, 'crls', name);
  const octets = await readFile(file);
  octets[octets.length - 2] = (octets.at(-2) ?? 0) ^ 1;
  await writeFile(file, octets);
  expect((await fsckCrls(place))?.path).toBe(`crls/${name}`);
  await rm(place, { recursive: true });
});
