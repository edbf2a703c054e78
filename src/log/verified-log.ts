import { refuse } from '../reasons/index.js';
import type { Checkpoint } from './checkpoint.js';
import { leafHash } from './merkle.js';
import { equalOctets } from './sha256.js';
import { rootOf, type ReadFile } from './tile-builder.js';
import { TILE_WIDTH, parseBundle, parseTile, tilePath } from './tiles.js';

export interface VerifiedEntry {
  readonly index: number;
  readonly leaf: Uint8Array;
  readonly leafHash: Uint8Array;
}

/** Bundles that are fetched ahead: over a network each costs a round trip. */
const AHEAD = 8;

/**
 * The entries of a log as its tiles give them, each verified before it is handed out: the level-1 tiles and the last bundle give the root of the checkpoint,
 * and every bundle gives its hash in level 1. Proves that these are the entries under that checkpoint, all of them and in order; not that no other checkpoint
 * was signed. Memory: 32 octets for 256 entries.
 */
export class VerifiedLog {
  readonly size: number;
  readonly #read: ReadFile;
  /** Root of each full bundle, and last that of the one that is not full. */
  readonly #roots: readonly Uint8Array[];

  private constructor(read: ReadFile, size: number, roots: readonly Uint8Array[]) {
    this.#read = read;
    this.size = size;
    this.#roots = roots;
  }

  /** @throws Refusal `log-corrupt` naming a tile that is missing, or saying that the tiles do not give the root */
  static async open(read: ReadFile, checkpoint: Pick<Checkpoint, 'size' | 'root'>): Promise<VerifiedLog> {
    const size = Number(checkpoint.size);
    const full = Math.floor(size / TILE_WIDTH);
    const roots: Uint8Array[] = [];
    for (let index = 0; index * TILE_WIDTH < full; index += 1) {
      const width = Math.min(TILE_WIDTH, full - index * TILE_WIDTH);
      roots.push(...parseTile(await readTile(read, { level: 1, index, width }), width));
    }
    const last = size % TILE_WIDTH;
    if (last > 0) roots.push(rootOf((await readBundle(read, full, last)).map(leafHash)));
    // A subtree that is not full is the last: RFC 9162 section 2.1.1 over roots is the same tree.
    if (!equalOctets(rootOf(roots), checkpoint.root)) return refuse('log-corrupt', 'the tiles do not give the root of the checkpoint');
    return new VerifiedLog(read, size, roots);
  }

  /** Entries from `from` to before `end`. @throws Refusal `log-corrupt` naming the bundle that is missing or not what was signed for */
  async *entries(from = 0, end = this.size): AsyncGenerator<VerifiedEntry> {
    const bundles = Math.ceil(Math.min(end, this.size) / TILE_WIDTH);
    const first = Math.floor(from / TILE_WIDTH);
    const ahead: Promise<VerifiedEntry[]>[] = [];
    for (let index = first; index < bundles; index += 1) {
      while (ahead.length < AHEAD && index + ahead.length < bundles) ahead.push(this.#bundle(index + ahead.length));
      for (const entry of await (ahead.shift() as Promise<VerifiedEntry[]>)) if (entry.index >= from && entry.index < end) yield entry;
    }
  }

  #bundle(index: number): Promise<VerifiedEntry[]> {
    const entries = this.#verified(index);
    // Awaited later; a failure is that later await's.
    entries.catch(() => undefined);
    return entries;
  }

  async #verified(index: number): Promise<VerifiedEntry[]> {
    const width = Math.min(TILE_WIDTH, this.size - index * TILE_WIDTH);
    const leaves = await readBundle(this.#read, index, width);
    const hashes = leaves.map(leafHash);
    if (!equalOctets(rootOf(hashes), this.#roots[index] as Uint8Array))
      return refuse('log-corrupt', `${tilePath({ level: 'entries', index, width })} is not what the checkpoint was signed for`);
    return leaves.map((leaf, i) => ({ index: index * TILE_WIDTH + i, leaf, leafHash: hashes[i] as Uint8Array }));
  }
}

interface Coordinates {
  readonly level: number;
  readonly index: number;
  readonly width: number;
}

const missing = (path: string): never => refuse('log-corrupt', `${path} is missing`);

/** C2SP tlog-tiles: a partial tile may be gone once the full one is there. */
const readTile = async (read: ReadFile, { level, index, width }: Coordinates): Promise<Uint8Array> => {
  const path = tilePath({ level, index, width });
  const octets = (await read(path)) ?? (width === TILE_WIDTH ? null : await read(tilePath({ level, index })));
  return octets === null ? missing(path) : octets.subarray(0, width * 32);
};

const readBundle = async (read: ReadFile, index: number, width: number): Promise<Uint8Array[]> => {
  const path = tilePath({ level: 'entries', index, width });
  const octets = await read(path);
  if (octets !== null) return parseBundle(octets, width);
  const full = width === TILE_WIDTH ? null : await read(tilePath({ level: 'entries', index }));
  return full === null ? missing(path) : parseBundle(full, TILE_WIDTH).slice(0, width);
};
