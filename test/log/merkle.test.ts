import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { EMPTY_ROOT, Tree, leafHash, nodeHash, verifyConsistency, verifyInclusion } from '../../src/log/index.js';
import { TileProver } from '../../src/log/prover.js';
import { TileBuilder } from '../../src/log/tile-builder.js';
import { tilePath } from '../../src/log/tiles.js';
import { reasonOf, reasonOfPromise } from '../support/reasons.js';

const FOLDER = join(process.env['SIGNPOST_VECTORS'] ?? join(process.cwd(), '../shared/vectors'), 'tlog/merkle');

interface Vector {
  readonly desc: string;
  readonly wantErr: boolean;
  readonly leafIdx: string;
  readonly treeSize: string;
  readonly root: string;
  readonly leafHash: string;
  readonly size1: string;
  readonly size2: string;
  readonly root1: string;
  readonly root2: string;
  readonly proof: string[] | null;
}

/** Sizes reach 2^64 - 1, beyond what JSON.parse keeps. */
const readVector = (path: string): Vector =>
  JSON.parse(readFileSync(path, 'utf8').replaceAll(/"(leafIdx|treeSize|size1|size2)": *([0-9]+)/g, '"$1":"$2"')) as Vector;

const vectorsIn = (kind: string): [string, Vector][] =>
  readdirSync(join(FOLDER, kind), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .map((name) => [name, readVector(join(FOLDER, kind, name))]);

const octets = (base64: string | null): Buffer => Buffer.from(base64 ?? '', 'base64');

/** RFC 9162 section 2.1.1, word for word: the reference. */
const treeHash = (entries: readonly Uint8Array[]): Uint8Array => {
  if (entries.length === 0) return EMPTY_ROOT;
  if (entries.length === 1) return leafHash(entries[0] as Uint8Array);
  let split = 1;
  while (split * 2 < entries.length) split *= 2;
  return nodeHash(treeHash(entries.slice(0, split)), treeHash(entries.slice(split)));
};

const entriesOf = (size: number): Buffer[] => Array.from({ length: size }, (_, i) => Buffer.from(`entry ${i}`));

/** Published tiles of a tree, in memory. */
const publish = (size: number): { files: Map<string, Uint8Array>; builder: TileBuilder } => {
  const builder = new TileBuilder();
  const files = new Map<string, Uint8Array>();
  for (const entry of entriesOf(size)) for (const { path, octets: content } of builder.append(entry)) files.set(path, content);
  for (const { path, octets: content } of builder.partials()) files.set(path, content);
  return { files, builder };
};

const rootOfSize = (size: number): Uint8Array => {
  const tree = new Tree();
  for (const entry of entriesOf(size)) tree.append(leafHash(entry));
  return tree.root();
};

describe('published vectors of transparency-dev/merkle', () => {
  if (!existsSync(FOLDER)) {
    test('are left out where they do not exist', () => {
      process.emitWarning(`the merkle vectors were not run: ${FOLDER} does not exist (set SIGNPOST_VECTORS)`);
      expect(existsSync(FOLDER)).toBe(false);
    });
    return;
  }

  test('inclusion: every proof is judged as the vector says', () => {
    const vectors = vectorsIn('inclusion');
    expect(vectors).toHaveLength(98);
    for (const [name, vector] of vectors) {
      const refused = reasonOf(() =>
        verifyInclusion({
          index: BigInt(vector.leafIdx),
          size: BigInt(vector.treeSize),
          leafHash: octets(vector.leafHash),
          root: octets(vector.root),
          proof: (vector.proof ?? []).map(octets),
        }),
      );
      expect([name, refused !== null]).toEqual([name, vector.wantErr]);
    }
  });

  test('consistency: every proof is judged as the vector says, and a first size of 0 is refused', () => {
    const vectors = vectorsIn('consistency');
    expect(vectors).toHaveLength(98);
    for (const [name, vector] of vectors) {
      const refused = reasonOf(() =>
        verifyConsistency({
          size1: BigInt(vector.size1),
          size2: BigInt(vector.size2),
          root1: octets(vector.root1),
          root2: octets(vector.root2),
          proof: (vector.proof ?? []).map(octets),
        }),
      );
      expect([name, refused !== null]).toEqual([name, vector.wantErr]);
    }
    expect(vectors.filter(([, { size1, wantErr }]) => size1 === '0' && !wantErr)).toEqual([]);
  });
});

describe('the compact tree', () => {
  test('has the root of the recursive definition at every size up to 300', () => {
    const tree = new Tree();
    const entries = entriesOf(300);
    expect(tree.root()).toEqual(EMPTY_ROOT);
    expect(Buffer.from(EMPTY_ROOT).toString('base64')).toBe('47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=');
    for (let size = 1; size <= 300; size += 1) {
      tree.append(leafHash(entries[size - 1] as Buffer));
      expect(Buffer.from(tree.root()).equals(treeHash(entries.slice(0, size)))).toBe(true);
    }
  });

  test('goes on as if never interrupted after it was stored and restored', () => {
    fc.assert(
      fc.property(fc.nat(600), fc.nat(40), (size, more) => {
        const tree = new Tree();
        for (let i = 0; i < size; i += 1) tree.append(leafHash(Buffer.from(String(i))));
        const restored = Tree.restore(tree.serialise());
        for (let i = 0; i < more; i += 1) {
          tree.append(leafHash(Buffer.from(`more ${i}`)));
          restored.append(leafHash(Buffer.from(`more ${i}`)));
        }
        expect(restored.size).toBe(tree.size);
        expect(Buffer.from(restored.root()).equals(tree.root())).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test('is not restored from octets of another length', () => {
    const tree = new Tree();
    for (let i = 0; i < 5; i += 1) tree.append(leafHash(Buffer.from(String(i))));
    const stored = tree.serialise();
    for (let cut = 0; cut < stored.length; cut += 1) expect(reasonOf(() => Tree.restore(stored.subarray(0, cut)))).toBe('log-corrupt');
    expect(Tree.restore(stored).size).toBe(5);
  });

  test('a copy does not follow the original', () => {
    const tree = new Tree();
    tree.append(leafHash(Buffer.from('a')));
    const copy = tree.clone();
    tree.append(leafHash(Buffer.from('b')));
    expect([copy.size, tree.size]).toEqual([1, 2]);
  });
});

describe('proofs made from tiles', () => {
  test('of every index in every size up to 70 hold, and hold for no other index', async () => {
    for (let size = 1; size <= 70; size += 1) {
      const { files, builder } = publish(size);
      const prover = new TileProver(size, (path) => Promise.resolve(files.get(path) ?? null));
      const root = builder.root();
      for (let index = 0; index < size; index += 1) {
        const claim = { index, size, leafHash: leafHash(Buffer.from(`entry ${index}`)), root, proof: await prover.inclusion(index) };
        expect(verifyInclusion(claim)).toBe(true);
        expect(reasonOf(() => verifyInclusion({ ...claim, index: (index + 1) % (size + 1) }))).toBe('inclusion-failed');
      }
    }
  });

  test('of consistency from every size to every size up to 40 hold', async () => {
    const roots = Array.from({ length: 41 }, (_, size) => rootOfSize(size));
    for (let size2 = 1; size2 <= 40; size2 += 1) {
      const { files } = publish(size2);
      for (let size1 = 1; size1 <= size2; size1 += 1) {
        const prover = new TileProver(size2, (path) => Promise.resolve(files.get(path) ?? null));
        const proof = await prover.consistency(size1);
        const claim = { size1, size2, root1: roots[size1] as Uint8Array, root2: roots[size2] as Uint8Array, proof };
        expect(verifyConsistency(claim)).toBe(true);
        if (size1 < size2) expect(reasonOf(() => verifyConsistency({ ...claim, root1: claim.root2 }))).toBe('consistency-failed');
      }
    }
  });

  test('across tile levels hold at sizes around 256 and 65,536', async () => {
    const size = 65_536 + 256 * 3 + 7;
    const { files, builder } = publish(size);
    const prover = new TileProver(size, (path) => Promise.resolve(files.get(path) ?? null));
    const root = builder.root();
    expect(Buffer.from(root).equals(rootOfSize(size))).toBe(true);
    for (const index of [0, 255, 256, 65_535, 65_536, 65_791, 65_792, size - 8, size - 1]) {
      const proof = await prover.inclusion(index);
      expect(verifyInclusion({ index, size, leafHash: leafHash(Buffer.from(`entry ${index}`)), root, proof })).toBe(true);
    }
    for (const size1 of [1, 255, 256, 257, 65_536, 65_537, 66_000]) {
      expect(verifyConsistency({ size1, size2: size, root1: rootOfSize(size1), root2: root, proof: await prover.consistency(size1) })).toBe(
        true,
      );
    }
  });

  test('are made from the full tile where the partial one is gone', async () => {
    const { builder } = publish(200);
    const { files } = publish(256);
    const prover = new TileProver(200, (path) => Promise.resolve(files.get(path) ?? null));
    const proof = await prover.inclusion(77);
    expect(verifyInclusion({ index: 77, size: 200, leafHash: leafHash(Buffer.from('entry 77')), root: builder.root(), proof })).toBe(true);
  });

  test('are refused beyond the size, and where a tile is missing', async () => {
    const { files } = publish(10);
    const prover = new TileProver(10, (path) => Promise.resolve(files.get(path) ?? null));
    expect(await reasonOfPromise(() => prover.inclusion(10))).toBe('not-found');
    expect(await reasonOfPromise(() => prover.consistency(0))).toBe('not-found');
    files.delete(tilePath({ level: 0, index: 0, width: 10 }));
    expect(await reasonOfPromise(() => new TileProver(10, (path) => Promise.resolve(files.get(path) ?? null)).inclusion(3))).toBe(
      'log-corrupt',
    );
  });
});

describe('the tile builder', () => {
  test('taken up again from its partial tiles gives the same tiles and root', async () => {
    for (const [size, more] of [
      [0, 3],
      [1, 255],
      [255, 2],
      [256, 256],
      [300, 700],
      [65_536, 5],
    ] as const) {
      const { files } = publish(size);
      const restored = await TileBuilder.restore(size, (path) => Promise.resolve(files.get(path) ?? null));
      if (restored === null) throw new Error('not restored');
      for (const entry of entriesOf(size + more).slice(size)) restored.append(entry);
      const straight = publish(size + more).builder;
      expect(Buffer.from(restored.root()).equals(straight.root())).toBe(true);
      expect(restored.partials()).toEqual(straight.partials());
    }
  });

  test('is not taken up from entries that its tile does not hash', async () => {
    const { files } = publish(5);
    const read = (path: string): Promise<Uint8Array | null> => Promise.resolve(files.get(path) ?? null);
    expect((await TileBuilder.restore(5, read))?.size).toBe(5);
    const path = tilePath({ level: 'entries', index: 0, width: 5 });
    const bundle = Buffer.from(files.get(path) as Uint8Array);
    bundle[4] = (bundle[4] as number) ^ 1;
    files.set(path, bundle);
    expect(await reasonOfPromise(() => TileBuilder.restore(5, read))).toBe('log-corrupt');
    files.delete(path);
    expect(await TileBuilder.restore(5, read)).toBeNull();
  });
});

test('what is not a claim is refused, whatever its type', () => {
  const hash = leafHash(Buffer.from('x'));
  const inclusion = { index: 0, size: 1, leafHash: hash, root: hash, proof: [] };
  expect(verifyInclusion(inclusion)).toBe(true);
  expect(verifyConsistency({ size1: 1, size2: 1, root1: hash, root2: hash, proof: [] })).toBe(true);
  fc.assert(
    fc.property(fc.constantFrom('index', 'size', 'leafHash', 'root', 'proof'), fc.anything(), (member, value) => {
      if (member === 'proof' && Array.isArray(value) && value.length === 0) return;
      if (member === 'index' && (value === 0 || value === 0n)) return;
      if (member === 'size' && (value === 1 || value === 1n)) return;
      const claim = Object.assign({ ...inclusion }, { [member]: value });
      expect(reasonOf(() => verifyInclusion(claim))).toMatch(/^(?:malformed-proof|inclusion-failed)$/);
    }),
    { numRuns: 500 },
  );
  for (const index of [-1, 0.5, NaN, 2 ** 60, -1n, 1n << 64n])
    expect(reasonOf(() => verifyInclusion({ ...inclusion, index }))).toBe('malformed-proof');
  for (const bad of [undefined, null, 7, 'text']) {
    expect(reasonOf(() => Reflect.apply(verifyInclusion, null, [bad]))).toBe('malformed-proof');
    expect(reasonOf(() => Reflect.apply(verifyConsistency, null, [bad]))).toBe('malformed-proof');
    expect(reasonOf(() => Reflect.apply(leafHash, null, [bad]))).toBe('malformed-proof');
  }
});
