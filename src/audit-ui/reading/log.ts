import type { OpenedCheckpoint } from '../proof/checkpoint.js';
import { foldConsistency } from '../proof/consistency.js';
import { fail } from '../proof/fault.js';
import { leafHash } from '../proof/hash.js';
import { foldInclusion, verifyInclusion, type Fold } from '../proof/inclusion.js';
import { isEqual, type Octets } from '../proof/octets.js';
import { TileProver, readTile, type ReadFile } from '../proof/prover.js';
import { TILE_WIDTH, parseBundle, parseTile, tilePath, tileWidth } from '../proof/tiles.js';

/** A proof with every hash in it, whether or not it holds. */
export interface EntryProof {
  readonly index: number;
  readonly octets: Octets;
  readonly leafHash: Octets;
  readonly folds: readonly Fold[];
  /** What the leaf and the hashes beside it give. */
  readonly root: Octets;
  readonly holds: boolean;
  /** Where it does not hold: the file that is not what the others say, as far as that can be told. */
  readonly suspect: string | null;
}

/** A log as one checkpoint shows it. What its methods give is proven against that checkpoint, or marked as what is not. */
export class VerifiedLog {
  readonly checkpoint: OpenedCheckpoint;
  readonly #read: ReadFile;
  readonly #prover: TileProver;

  constructor(checkpoint: OpenedCheckpoint, read: ReadFile) {
    this.checkpoint = checkpoint;
    this.#read = read;
    this.#prover = new TileProver(checkpoint.size, read);
  }

  get size(): number {
    return this.checkpoint.size;
  }

  get bundles(): number {
    return Math.ceil(this.size / TILE_WIDTH);
  }

  widthOf(bundle: number): number {
    return tileWidth('entries', bundle, this.size);
  }

  pathOf(bundle: number): string {
    return tilePath('entries', bundle, this.widthOf(bundle));
  }

  /**
   * The entries of a bundle. The hashes of all of them stand beside the first one's in its proof, so that one proof proves the whole bundle.
   * @throws Fault `log-corrupt`, `not-found`, `inclusion-failed`, `unreachable`
   */
  async entries(bundle: number): Promise<Octets[]> {
    const entries = await this.#bundle(bundle);
    const hashes = await Promise.all(entries.map(leafHash));
    const index = bundle * TILE_WIDTH;
    const proof = await this.#prover.inclusion(index, hashes);
    const { size, root } = this.checkpoint;
    await verifyInclusion({ index, size, root, leafHash: hashes[0] as Octets, proof }).catch(() =>
      fail('inclusion-failed', `${this.pathOf(bundle)} does not hash to the root of the checkpoint`),
    );
    return entries;
  }

  /** The proof of one entry from the published tiles, as any other verifier would make it. @throws Fault when there are not the files to make it of */
  async proof(index: number): Promise<EntryProof> {
    if (index >= this.size) return fail('not-found', `the checkpoint covers ${this.size} entries, the last of them ${this.size - 1}`);
    const bundle = Math.floor(index / TILE_WIDTH);
    const [entries, siblings] = await Promise.all([this.#bundle(bundle), this.#prover.inclusion(index)]);
    const octets = entries[index % TILE_WIDTH] as Octets;
    const hash = await leafHash(octets);
    const { folds, root } = await foldInclusion({ index, size: this.size, leafHash: hash, proof: siblings });
    const holds = isEqual(root, this.checkpoint.root);
    return { index, octets, leafHash: hash, folds, root, holds, suspect: holds ? null : await this.#suspect(index, hash) };
  }

  /** The roots that the tiles give for the first `size` entries, and for all. */
  async roots(size: number): Promise<{ first: Octets; second: Octets }> {
    return foldConsistency(size, this.size, await this.#prover.consistencyPath(size));
  }

  async #bundle(bundle: number): Promise<Octets[]> {
    const width = this.widthOf(bundle);
    return parseBundle(await readTile(this.#read, 'entries', bundle, width), width, this.pathOf(bundle));
  }

  /** Where bundle and level-0 tile disagree, one of the two was changed; where they agree, something above. */
  async #suspect(index: number, hash: Octets): Promise<string> {
    const bundle = Math.floor(index / TILE_WIDTH);
    const width = this.widthOf(bundle);
    const path = tilePath(0, bundle, width);
    const tile = parseTile(await readTile(this.#read, 0, bundle, width), width, path);
    const isSame = isEqual(tile[index % TILE_WIDTH] as Octets, hash);
    return isSame ? `the hashes beside it, in ${path} or above` : `${this.pathOf(bundle)} or ${path}: they disagree about this entry`;
  }
}
