import { EMPTY_ROOT, leafHash, nodeHash } from './merkle.js';
import { refuse } from '../reasons/index.js';
import { equalOctets } from './sha256.js';
import { TILE_WIDTH, encodeBundle, levelCounts, parseBundle, parseTile, tilePath } from './tiles.js';

export interface TileFile {
  readonly path: string;
  readonly octets: Uint8Array;
}

/** RFC 9162 section 2.1.1 over hashes: the last one may be the root of a subtree that is not full. */
export const rootOf = (hashes: readonly Uint8Array[]): Uint8Array => {
  if (hashes.length === 0) return EMPTY_ROOT;
  let level = hashes;
  while (level.length > 1) {
    const next: Uint8Array[] = [];
    for (let i = 0; i + 1 < level.length; i += 2) next.push(nodeHash(level[i] as Uint8Array, level[i + 1] as Uint8Array));
    // An odd last one moves up unchanged: it stands for all leaves to the right.
    if (level.length % 2 === 1) next.push(level.at(-1) as Uint8Array);
    level = next;
  }
  return level[0] as Uint8Array;
};

/** Reads a published file; null when it is not there. */
export type ReadFile = (path: string) => Promise<Uint8Array | null>;

/**
 * The right edge of a tiled tree: what is in the tiles that are not full yet. Entries go in at the right; every tile that becomes full
 * comes out once, for ever the same. Memory: at most 256 entries, and 256 hashes a level.
 */
export class TileBuilder {
  #size = 0;
  #entries: Uint8Array[] = [];
  readonly #levels: Uint8Array[][] = [];

  get size(): number {
    return this.#size;
  }

  /** The tiles that this entry completes: bundle and level 0 first, then what they complete above. */
  append(entry: Uint8Array): TileFile[] {
    this.#entries.push(entry);
    this.#size += 1;
    this.#push(0, leafHash(entry));
    return this.#entries.length < TILE_WIDTH ? [] : this.#complete();
  }

  #push(level: number, hash: Uint8Array): void {
    const hashes = this.#levels[level];
    if (hashes === undefined) this.#levels[level] = [hash];
    else hashes.push(hash);
  }

  #complete(): TileFile[] {
    let index = this.#size / TILE_WIDTH - 1;
    const files: TileFile[] = [{ path: tilePath({ level: 'entries', index }), octets: encodeBundle(this.#entries) }];
    this.#entries = [];
    for (let level = 0; this.#levels[level]?.length === TILE_WIDTH; level += 1) {
      const hashes = this.#levels[level] as Uint8Array[];
      files.push({ path: tilePath({ level, index }), octets: Buffer.concat(hashes) });
      this.#levels[level] = [];
      this.#push(level + 1, rootOf(hashes));
      index = Math.floor(index / TILE_WIDTH);
    }
    return files;
  }

  /** The tiles that are not full. A checkpoint of this size needs them and all full ones. */
  partials(): TileFile[] {
    const files: TileFile[] = [];
    const width = this.#entries.length;
    const index = Math.floor(this.#size / TILE_WIDTH);
    if (width > 0) files.push({ path: tilePath({ level: 'entries', index, width }), octets: encodeBundle(this.#entries) });
    for (const [level, hashes] of this.#levels.entries()) {
      if (hashes.length === 0) continue;
      const at = Math.floor(this.#size / TILE_WIDTH ** (level + 1));
      files.push({ path: tilePath({ level, index: at, width: hashes.length }), octets: Buffer.concat(hashes) });
    }
    return files;
  }

  root(): Uint8Array {
    let right: Uint8Array | null = null;
    for (const hashes of this.#levels) {
      if (hashes.length > 0 || right !== null) right = rootOf(right === null ? hashes : [...hashes, right]);
    }
    return right ?? EMPTY_ROOT;
  }

  /**
   * The edge of a published tree, from its partial tiles; null when one is missing.
   * Its entries are those that it hashes. Whose tree it is, `root` beside a checkpoint shows.
   * @throws Refusal `log-corrupt` for a file of the wrong form
   */
  static async restore(size: number, read: ReadFile): Promise<TileBuilder | null> {
    const builder = new TileBuilder();
    builder.#size = size;
    for (const [level, count] of levelCounts(size).entries()) {
      const width = count % TILE_WIDTH;
      const hashes = await readPartial(read, { level, index: Math.floor(count / TILE_WIDTH), width });
      if (hashes === null) return null;
      builder.#levels[level] = parseTile(hashes, width);
    }
    const width = size % TILE_WIDTH;
    const bundle = await readPartial(read, { level: 'entries', index: Math.floor(size / TILE_WIDTH), width });
    if (bundle === null) return null;
    builder.#entries = parseBundle(bundle, width);
    const hashes = builder.#levels[0] ?? [];
    if (!builder.#entries.every((entry, i) => equalOctets(leafHash(entry), hashes[i] ?? EMPTY_ROOT)))
      return refuse('log-corrupt', 'bundle and tile');
    return builder;
  }
}

const readPartial = async (
  read: ReadFile,
  tile: { level: number | 'entries'; index: number; width: number },
): Promise<Uint8Array | null> => (tile.width === 0 ? new Uint8Array(0) : await read(tilePath(tile)));
