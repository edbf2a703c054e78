import { describe, expect, test } from '@jest/globals';
import { TileBuilder, VerifiedLog, leafHash } from '../../src/log/index.js';
import { testEntry } from '../support/log-fixtures.js';
import { rejectionOf } from '../support/scripted-gateway.js';

/** The published files of a log of so many entries. */
const published = (size: number) => {
  const builder = new TileBuilder();
  const files = new Map<string, Uint8Array>();
  for (let n = 0; n < size; n += 1) for (const { path, octets } of builder.append(testEntry(n))) files.set(path, octets);
  for (const { path, octets } of builder.partials()) files.set(path, octets);
  return { files, checkpoint: { size, root: builder.root() } };
};

const reading = (files: ReadonlyMap<string, Uint8Array>) => async (path: string) => files.get(path) ?? null;

const entriesOf = async (log: VerifiedLog, from?: number, end?: number): Promise<number[]> => {
  const indices: number[] = [];
  for await (const { index, leaf, leafHash: hash } of log.entries(from, end)) {
    if (testEntry(index).equals(leaf) && leafHash(leaf).equals(hash)) indices.push(index);
  }
  return indices;
};

describe('a verified log', () => {
  test.each([0, 1, 255, 256, 257, 512, 700, 66_000])('of %i entries gives all of them, in order', async (size) => {
    const { files, checkpoint } = published(size);
    const log = await VerifiedLog.open(reading(files), checkpoint);
    expect(await entriesOf(log)).toEqual(Array.from({ length: size }, (_, i) => i));
  });

  test('gives a part', async () => {
    const { files, checkpoint } = published(700);
    const log = await VerifiedLog.open(reading(files), checkpoint);
    expect(await entriesOf(log, 250, 515)).toEqual(Array.from({ length: 265 }, (_, i) => 250 + i));
    expect(await entriesOf(log, 700)).toEqual([]);
  });

  test('takes a full tile where a partial one is gone', async () => {
    const { files } = published(700);
    const { checkpoint } = published(600);
    files.delete('tile/entries/002.p/88');
    const later = published(70_000);
    const log = await VerifiedLog.open(reading(later.files), checkpoint);
    expect((await entriesOf(log)).length).toBe(600);
  });

  const flip = (octets: Uint8Array, at: number): Uint8Array => octets.map((octet, i) => (i === at ? octet ^ 1 : octet));

  test('hands out nothing of a bundle with one flipped bit', async () => {
    const { files, checkpoint } = published(700);
    const path = 'tile/entries/001';
    files.set(path, flip(files.get(path) as Uint8Array, 40));
    const log = await VerifiedLog.open(reading(files), checkpoint);
    const seen: number[] = [];
    const all = async (): Promise<void> => {
      for await (const { index } of log.entries()) seen.push(index);
    };
    expect(await rejectionOf(all())).toMatchObject({ reason: 'log-corrupt', detail: expect.stringContaining(path) });
    expect(seen.length).toBe(256);
  });

  test.each(['tile/1/000.p/2', 'tile/entries/002.p/188'])('is not opened over a flipped bit in %s', async (path) => {
    const { files, checkpoint } = published(700);
    files.set(path, flip(files.get(path) as Uint8Array, 20));
    expect(await rejectionOf(VerifiedLog.open(reading(files), checkpoint))).toMatchObject({ reason: 'log-corrupt' });
  });

  test('is not opened without a tile, nor under the root of another log', async () => {
    const { files, checkpoint } = published(700);
    expect(await rejectionOf(VerifiedLog.open(reading(files), { size: 700, root: published(699).checkpoint.root }))).toMatchObject({
      reason: 'log-corrupt',
    });
    files.delete('tile/1/000.p/2');
    expect(await rejectionOf(VerifiedLog.open(reading(files), checkpoint))).toMatchObject({ reason: 'log-corrupt' });
  });
});
