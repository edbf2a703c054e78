import { refuse } from '../reasons/index.js';
import { nodeHash } from './merkle.js';
import { HASH_SIZE } from './sha256.js';
import { rootOf, type ReadFile } from './tile-builder.js';
import { TILE_WIDTH, parseTile, tilePath, tileWidth } from './tiles.js';

/**
 * Makes proofs from published tiles (C2SP tlog-tiles): a tile read gives every hash of eight levels of the tree.
 * Nothing that is made here needs to be trusted: the verifier decides.
 */
export class TileProver {
  readonly #read: ReadFile;
  readonly #size: number;
  readonly #tiles = new Map<string, Uint8Array[]>();

  /** Tiles of a checkpoint of `size` leaves. */
  constructor(size: number, read: ReadFile) {
    this.#size = size;
    this.#read = read;
  }

  /** RFC 9162 section 2.1.3.1. @throws Refusal `not-found` beyond the size, `log-corrupt` when a tile is missing */
  async inclusion(index: number): Promise<Uint8Array[]> {
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.#size) return refuse('not-found', 'index');
    const path: Uint8Array[] = [];
    let [begin, end] = [0, this.#size];
    while (end - begin > 1) {
      const middle = begin + splitOf(end - begin);
      const right = index >= middle;
      path.push(await (right ? this.#root(begin, middle) : this.#root(middle, end)));
      [begin, end] = right ? [middle, end] : [begin, middle];
    }
    return path.toReversed();
  }

  /** RFC 9162 section 2.1.4.1, from `size1` >= 1 to the checkpoint's size. @throws Refusal `not-found`, `log-corrupt` */
  async consistency(size1: number): Promise<Uint8Array[]> {
    if (!Number.isSafeInteger(size1) || size1 < 1 || size1 > this.#size) return refuse('not-found', 'size');
    const path: Uint8Array[] = [];
    let [begin, end] = [0, this.#size];
    while (end !== size1) {
      const middle = begin + splitOf(end - begin);
      const right = size1 > middle;
      path.push(await (right ? this.#root(begin, middle) : this.#root(middle, end)));
      [begin, end] = right ? [middle, end] : [begin, middle];
    }
    // The old tree's last subtree is known to the verifier only where it is the whole old tree.
    if (begin > 0) path.push(await this.#root(begin, end));
    return path.toReversed();
  }

  /** The root of the leaves from `begin` to before `end`, a node of the tree. */
  async #root(begin: number, end: number): Promise<Uint8Array> {
    const length = end - begin;
    const split = splitOf(length);
    if (length !== 1 && split * 2 !== length) {
      return nodeHash(await this.#root(begin, begin + split), await this.#root(begin + split, end));
    }
    const level = Math.floor(Math.log2(length) / 8);
    const span = TILE_WIDTH ** level;
    const first = begin / span;
    const tile = await this.#tile(level, Math.floor(first / TILE_WIDTH));
    return rootOf(tile.slice(first % TILE_WIDTH, (first % TILE_WIDTH) + length / span));
  }

  async #tile(level: number, index: number): Promise<Uint8Array[]> {
    const width = tileWidth(level, index, this.#size);
    const path = tilePath({ level, index, width });
    const known = this.#tiles.get(path);
    if (known !== undefined) return known;
    const octets = (await this.#read(path)) ?? (await this.#fullTile(level, index, width));
    const hashes = parseTile(octets, width);
    this.#tiles.set(path, hashes);
    return hashes;
  }

  /** C2SP tlog-tiles: a partial tile may be gone once the full one is there. */
  async #fullTile(level: number, index: number, width: number): Promise<Uint8Array> {
    const path = tilePath({ level, index });
    const octets = width === TILE_WIDTH ? null : await this.#read(path);
    return octets === null ? refuse('log-corrupt', `${path} is missing`) : octets.subarray(0, width * HASH_SIZE);
  }
}

/** RFC 9162 section 2.1.1: the largest power of two smaller than n. */
const splitOf = (n: number): number => {
  let split = 1;
  while (split * 2 < n) split *= 2;
  return split;
};
