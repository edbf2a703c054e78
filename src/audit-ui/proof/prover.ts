import { fail } from './fault.js';
import { nodeHash, rootOf } from './hash.js';
import type { Octets } from './octets.js';
import { TILE_WIDTH, parseTile, tilePath, tileWidth, type Level } from './tiles.js';

/** A published file, by its path below the log's prefix; null when it is not there. */
export type ReadFile = (path: string) => Promise<Octets | null>;

/** The octets of a tile of a tree of `size` leaves. C2SP tlog-tiles: where a partial tile is gone, the full one begins with it. */
export const readTile = async (read: ReadFile, level: Level, index: number, width: number): Promise<Octets> => {
  const path = tilePath(level, index, width);
  const octets = (await read(path)) ?? (width === TILE_WIDTH ? null : await read(tilePath(level, index, TILE_WIDTH)));
  return octets ?? fail('not-found', `${path} is missing`);
};

/** Makes proofs from published tiles. Nothing that is made here needs to be trusted: the verifier decides. */
export class TileProver {
  readonly #read: ReadFile;
  readonly #size: number;
  readonly #tiles = new Map<string, Promise<Octets[]>>();
  /** Nodes above the tiles of level 0: proofs of neighbours share them. */
  readonly #nodes = new Map<number, Promise<Octets>>();

  constructor(size: number, read: ReadFile) {
    this.#size = size;
    this.#read = read;
  }

  /** RFC 9162 section 2.1.3.1. `own`: hashes to take in place of the level-0 tile that the entry is in, made from the entries themselves. */
  async inclusion(index: number, own?: readonly Octets[]): Promise<Octets[]> {
    const path: Promise<Octets>[] = [];
    const place = Math.floor(index / TILE_WIDTH);
    let [begin, end] = [0, this.#size];
    while (end - begin > 1) {
      const middle = begin + splitOf(end - begin);
      const isRight = index >= middle;
      const [from, to] = isRight ? [begin, middle] : [middle, end];
      path.push(this.#root(from, to, own === undefined ? undefined : { place, hashes: own }));
      [begin, end] = isRight ? [middle, end] : [begin, middle];
    }
    return (await Promise.all(path)).toReversed();
  }

  /**
   * RFC 9162 section 2.1.4.1, from `size1` >= 1, but with the first node always: a proof leaves it out where it is the whole older tree, whose root the
   * verifier knows.
   */
  async consistencyPath(size1: number): Promise<Octets[]> {
    const path: Promise<Octets>[] = [];
    let [begin, end] = [0, this.#size];
    while (end !== size1) {
      const middle = begin + splitOf(end - begin);
      const isRight = size1 > middle;
      path.push(isRight ? this.#root(begin, middle) : this.#root(middle, end));
      [begin, end] = isRight ? [middle, end] : [begin, middle];
    }
    path.push(this.#root(begin, end));
    return (await Promise.all(path)).toReversed();
  }

  /** The root of the leaves from `begin` to before `end`, a node of the tree. */
  async #root(begin: number, end: number, own?: OwnHashes): Promise<Octets> {
    const length = end - begin;
    const split = splitOf(length);
    if (length !== 1 && split * 2 !== length) {
      const [left, right] = await Promise.all([this.#root(begin, begin + split, own), this.#root(begin + split, end, own)]);
      return nodeHash(left, right);
    }
    if (length >= TILE_WIDTH) return this.#node(begin, length);
    const place = Math.floor(begin / TILE_WIDTH);
    const hashes = own?.place === place ? own.hashes : await this.#tile(0, place);
    return rootOf(hashes.slice(begin % TILE_WIDTH, (begin % TILE_WIDTH) + length));
  }

  /** Of a full subtree of at least a tile: whole hashes of a higher tile. */
  #node(begin: number, length: number): Promise<Octets> {
    // Unique: `begin` is a multiple of `length`, a power of two.
    const name = begin * 2 + length;
    const known = this.#nodes.get(name) ?? this.#makeNode(begin, length);
    this.#nodes.set(name, known);
    known.catch(() => this.#nodes.delete(name));
    return known;
  }

  async #makeNode(begin: number, length: number): Promise<Octets> {
    const level = Math.floor(Math.log2(length) / 8);
    const span = TILE_WIDTH ** level;
    const first = begin / span;
    const place = Math.floor(first / TILE_WIDTH);
    const hashes = await this.#tile(level, place);
    return rootOf(hashes.slice(first % TILE_WIDTH, (first % TILE_WIDTH) + length / span));
  }

  #tile(level: number, index: number): Promise<Octets[]> {
    const width = tileWidth(level, index, this.#size);
    const path = tilePath(level, index, width);
    const known = this.#tiles.get(path) ?? readTile(this.#read, level, index, width).then((octets) => parseTile(octets, width, path));
    this.#tiles.set(path, known);
    known.catch(() => this.#tiles.delete(path));
    return known;
  }
}

interface OwnHashes {
  readonly place: number;
  readonly hashes: readonly Octets[];
}

/** RFC 9162 section 2.1.1: the largest power of two smaller than n. */
const splitOf = (n: number): number => {
  let split = 1;
  while (split * 2 < n) split *= 2;
  return split;
};
