import { Refusal } from '../reasons/index.js';
import { openCheckpoint } from './checkpoint.js';
import { parseLeaf } from './leaf.js';
import { equalOctets } from './sha256.js';
import { TileBuilder, type ReadFile, type TileFile } from './tile-builder.js';
import { TILE_WIDTH, levelCounts, parseBundle, parseTilePath, tilePath } from './tiles.js';
import type { VerificationKey } from './vkey.js';

/** What is wrong, and where: a file's path below the log's prefix. */
export interface FsckProblem {
  readonly path: string;
  readonly what: string;
}

export interface FsckReport {
  readonly size: number;
  /** base64; null when there is no checkpoint to read. */
  readonly root: string | null;
  /** Null: everything that was looked at is as it must be. */
  readonly problem: FsckProblem | null;
}

export interface FsckSource {
  readonly read: ReadFile;
  /** Every file that is there, for a folder: files that the checkpoint does not need are then compared too. */
  readonly list?: () => AsyncIterable<string>;
  /** Told of entries that were looked at, of all. */
  readonly tell?: (done: number, all: number) => void;
  /** The leaves of the write-ahead log from the first on, for a data directory. */
  readonly leaves?: () => AsyncIterator<Uint8Array>;
}

class Found extends Error {
  readonly problem: FsckProblem;
  constructor(path: string, what: string) {
    super(what);
    this.problem = { path, what };
  }
}

/** Bundles that are fetched ahead, each with the tile of its hashes: over a network each costs a round trip. */
const AHEAD = 16;

/**
 * Derives a whole log again from its entries: checkpoint signature, every bundle, tile, level and the root, each leaf's grammar,
 * the order of times. Names the first thing that is wrong. Proves that the log is what its checkpoint says; not that no other
 * checkpoint was signed (witnesses prove that), nor that the verdicts in it were right (a replay does).
 */
export const fsckLog = async (source: FsckSource, vkey: string | VerificationKey): Promise<FsckReport> => {
  const state = { size: 0, root: null as string | null };
  try {
    const octets = await source.read('checkpoint');
    if (octets === null) throw new Found('checkpoint', 'is missing');
    const checkpoint = named('checkpoint', () => openCheckpoint(octets, vkey));
    state.size = Number(checkpoint.size);
    state.root = Buffer.from(checkpoint.root).toString('base64');
    await new Derivation(source, state.size, checkpoint.root).run();
    return { ...state, problem: null };
  } catch (error) {
    if (error instanceof Found) return { ...state, problem: error.problem };
    throw error;
  }
};

/** A refusal of what stands in a file becomes a problem of that file. */
const named = <T>(path: string, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    throw error instanceof Refusal ? new Found(path, error.message) : error;
  }
};

class Derivation {
  readonly #source: FsckSource;
  readonly #size: number;
  readonly #root: Uint8Array;
  readonly #builder = new TileBuilder();
  #time = 0;
  /** Tiles of level 0 that were fetched with their bundles. */
  readonly #fetched = new Map<string, Promise<Uint8Array | null>>();
  /** The first tile that is not what the entries give. Which of the two is wrong, the root will tell. */
  #mismatch: { readonly path: string; readonly bundle: string } | null = null;

  constructor(source: FsckSource, size: number, root: Uint8Array) {
    this.#source = source;
    this.#size = size;
    this.#root = root;
  }

  async run(): Promise<void> {
    const leaves = this.#source.leaves?.();
    const bundles = Math.ceil(this.#size / TILE_WIDTH);
    const ahead: Promise<Uint8Array | null>[] = [];
    for (let index = 0; index < bundles; index += 1) {
      while (ahead.length < AHEAD && index + ahead.length < bundles) ahead.push(this.#fetch(index + ahead.length));
      await this.#takeBundle(index, await (ahead.shift() as Promise<Uint8Array | null>), leaves);
      this.#source.tell?.(Math.min(this.#size, (index + 1) * TILE_WIDTH), this.#size);
    }
    for (const file of this.#builder.partials()) await this.#compare(file);
    this.#conclude();
    if (leaves !== undefined) await this.#unpublished(leaves);
    if (this.#source.list !== undefined) await this.#others(this.#source.list());
  }

  #fetch(index: number): Promise<Uint8Array | null> {
    const width = this.#widthOf(index);
    const hashes = tilePath({ level: 0, index, width });
    const bundle = this.#readTile(tilePath({ level: 'entries', index, width }));
    const tile = this.#readTile(hashes);
    this.#fetched.set(hashes, tile);
    // Awaited later; a failure is that later await's.
    for (const one of [bundle, tile]) one.catch(() => undefined);
    return bundle;
  }

  #widthOf(index: number): number {
    return Math.min(TILE_WIDTH, this.#size - index * TILE_WIDTH);
  }

  /** C2SP tlog-tiles: where a partial tile is gone, the full one holds it. */
  async #readTile(path: string): Promise<Uint8Array | null> {
    const octets = await this.#source.read(path);
    const tile = parseTilePath(path);
    if (octets !== null || tile === null || tile.width === TILE_WIDTH) return octets;
    const full = await this.#source.read(tilePath({ level: tile.level, index: tile.index }));
    if (full === null) return null;
    return tile.level === 'entries' ? firstEntries(full, tile.width) : full.subarray(0, tile.width * 32);
  }

  async #takeBundle(index: number, octets: Uint8Array | null, leaves: AsyncIterator<Uint8Array> | undefined): Promise<void> {
    const path = tilePath({ level: 'entries', index, width: this.#widthOf(index) });
    if (octets === null) throw new Found(path, 'is missing');
    const entries = named(path, () => parseBundle(octets, this.#widthOf(index)));
    for (const [i, entry] of entries.entries()) {
      const at = index * TILE_WIDTH + i;
      if (leaves !== undefined) await this.#sameLeaf(leaves, entry, path, at);
      this.#checkLeaf(entry, path, at);
      for (const file of this.#builder.append(entry)) await this.#compare(file);
    }
  }

  async #sameLeaf(leaves: AsyncIterator<Uint8Array>, entry: Uint8Array, path: string, at: number): Promise<void> {
    const next = await leaves.next();
    if (next.done === true) throw new Found('wal', `ends before entry ${at}, which is published`);
    if (!equalOctets(next.value, entry)) throw new Found(path, `entry ${at} is not what the write-ahead log holds`);
  }

  #checkLeaf(entry: Uint8Array, path: string, at: number): void {
    const { t } = named(path, () => withPlace(at, () => parseLeaf(entry)));
    if (t < this.#time) throw new Found(path, `entry ${at} is earlier than the one before it`);
    this.#time = t;
  }

  async #compare(file: TileFile): Promise<void> {
    const tile = parseTilePath(file.path);
    if (tile === null || tile.level === 'entries') return;
    if (this.#mismatch !== null) {
      this.#fetched.delete(file.path);
      return;
    }
    const stored = await (this.#fetched.get(file.path) ?? this.#readTile(file.path));
    this.#fetched.delete(file.path);
    if (stored === null) throw new Found(file.path, 'is missing');
    if (equalOctets(stored, file.octets)) return;
    this.#mismatch = { path: file.path, bundle: tilePath({ level: 'entries', index: tile.index, width: tile.width }) };
  }

  #conclude(): void {
    const holds = equalOctets(this.#builder.root(), this.#root);
    const mismatch = this.#mismatch;
    if (mismatch !== null && holds) throw new Found(mismatch.path, 'does not hold the hashes that the entries have');
    if (mismatch !== null) throw new Found(mismatch.bundle, `does not hash to ${mismatch.path}, nor to the root of the checkpoint`);
    if (!holds) throw new Found('checkpoint', 'the root is not that of the entries');
  }

  /** Records that no checkpoint covers yet. */
  async #unpublished(leaves: AsyncIterator<Uint8Array>): Promise<void> {
    let at = this.#size;
    for (let next = await leaves.next(); next.done !== true; next = await leaves.next()) {
      this.#checkLeaf(next.value, 'wal', at);
      at += 1;
    }
  }

  /** Files that this checkpoint does not need: older partial tiles must be a part of what replaced them; newer ones wait for theirs. */
  async #others(paths: AsyncIterable<string>): Promise<void> {
    const edge = new Map(this.#builder.partials().map(({ path, octets }) => [path.replace(/\.p\/[0-9]+$/, ''), octets]));
    for await (const path of paths) {
      const tile = parseTilePath(path);
      if (tile === null && path !== 'checkpoint') throw new Found(path, 'does not belong to a log');
      if (tile === null || tile.width === TILE_WIDTH || !this.#covers(tile.level, Number(tile.index), tile.width)) continue;
      const whole = tilePath({ level: tile.level, index: tile.index });
      const [stored, full] = [await this.#source.read(path), edge.get(whole) ?? (await this.#source.read(whole))];
      if (stored === null || full === null) continue;
      const expected = tile.level === 'entries' ? firstEntries(full, tile.width) : full.subarray(0, tile.width * 32);
      if (!equalOctets(stored, expected)) throw new Found(path, 'is not a part of the tile that replaced it');
    }
  }

  #covers(level: number | 'entries', index: number, width: number): boolean {
    const count = levelCounts(this.#size)[level === 'entries' ? 0 : level] ?? 0;
    return index * TILE_WIDTH + width <= count;
  }
}

const withPlace = <T>(at: number, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    throw error instanceof Refusal ? new Refusal(error.reason, `entry ${at}: ${error.detail ?? error.reason}`) : error;
  }
};

/** The octets of the first entries of a bundle; all of it where it is cut off. */
const firstEntries = (bundle: Uint8Array, width: number): Uint8Array => {
  let at = 0;
  for (let i = 0; i < width && at + 2 <= bundle.length; i += 1) at += 2 + (((bundle[at] as number) << 8) | (bundle[at + 1] as number));
  return bundle.subarray(0, at);
};
