import { refuse } from '../reasons/index.js';
import { toCount, type Count } from './proof.js';
import { HASH_SIZE } from './sha256.js';

/** C2SP tlog-tiles: a tile holds up to 256 hashes; level 64 and up cannot occur below 2^64 leaves. */
export const TILE_WIDTH = 256;
const MAX_LEVEL = 63;
const MAX_ENTRY = 65_535;

export interface TileCoordinates {
  readonly level: number | 'entries';
  readonly index: Count;
  /** 1 to 256; 256, or absent, is a full tile. */
  readonly width?: number;
}

/**
 * The path of a tile below the log's prefix: `tile/0/x001/234.p/7`.
 * @throws Refusal `malformed-request` for coordinates of no tile
 */
export const tilePath = (tile: TileCoordinates): string => {
  if (typeof tile !== 'object' || tile === null) return refuse('malformed-request', 'tile');
  const { level, width = TILE_WIDTH } = tile;
  const index = toCount(tile.index);
  if (level !== 'entries' && !(Number.isInteger(level) && level >= 0 && level <= MAX_LEVEL))
    return refuse('malformed-request', 'tile level');
  if (!Number.isInteger(width) || width < 1 || width > TILE_WIDTH) return refuse('malformed-request', 'tile width');
  if (index === null) return refuse('malformed-request', 'tile index');
  return `tile/${level}/${indexPath(index)}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
};

/** Groups of three digits, all but the last with an "x": no folder holds more than 1,000 names. */
const indexPath = (index: bigint): string => {
  const digits = index.toString();
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g) as string[];
  return groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
};

const PATH = /^tile\/(entries|0|[1-9][0-9]?)\/((?:x[0-9]{3}\/){0,6}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/;

/** The coordinates of a path, or null when it is not the one spelling of a tile's. */
export const parseTilePath = (path: string): (TileCoordinates & { readonly width: number; readonly index: bigint }) | null => {
  const match = typeof path === 'string' ? PATH.exec(path) : null;
  if (match === null) return null;
  const level = match[1] === 'entries' ? 'entries' : Number(match[1]);
  const index = BigInt((match[2] as string).replaceAll(/[x/]/g, ''));
  const width = match[3] === undefined ? TILE_WIDTH : Number(match[3]);
  if (width > TILE_WIDTH - (match[3] === undefined ? 0 : 1) || (level !== 'entries' && level > MAX_LEVEL) || index >= 1n << 64n)
    return null;
  return tilePath({ level, index, width }) === path ? { level, index, width } : null;
};

/** How many hashes a level has in a tree of `size` leaves, for each level that has any. */
export const levelCounts = (size: number): number[] => {
  const counts: number[] = [];
  for (let count = size; count > 0; count = Math.floor(count / TILE_WIDTH)) counts.push(count);
  return counts;
};

/** The width that a tile has in a tree of `size` leaves: 0 when the tree does not reach it. */
export const tileWidth = (level: number, index: number, size: number): number => {
  const count = Math.floor(size / TILE_WIDTH ** level);
  return Math.max(0, Math.min(TILE_WIDTH, count - index * TILE_WIDTH));
};

/** C2SP tlog-tiles: each entry after its length, 2 octets, big-endian. */
export const encodeBundle = (entries: readonly Uint8Array[]): Buffer => {
  const parts: Uint8Array[] = [];
  for (const entry of entries) {
    if (entry.length > MAX_ENTRY) return refuse('log-corrupt', 'entry size');
    parts.push(Buffer.of(entry.length >> 8, entry.length & 0xff), entry);
  }
  return Buffer.concat(parts);
};

/** The entries of a bundle of `width`. @throws Refusal `log-corrupt` when the octets are not exactly those */
export const parseBundle = (octets: Uint8Array, width: number): Uint8Array[] => {
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at < octets.length) {
    if (at + 2 > octets.length) return refuse('log-corrupt', 'bundle is cut off');
    const end = at + 2 + (((octets[at] as number) << 8) | (octets[at + 1] as number));
    if (end > octets.length) return refuse('log-corrupt', 'bundle is cut off');
    entries.push(octets.subarray(at + 2, end));
    at = end;
  }
  return entries.length === width ? entries : refuse('log-corrupt', 'number of entries');
};

/** The hashes of a tile of `width`. @throws Refusal `log-corrupt` */
export const parseTile = (octets: Uint8Array, width: number): Uint8Array[] => {
  if (octets.length !== width * HASH_SIZE) return refuse('log-corrupt', 'tile size');
  return Array.from({ length: width }, (_, i) => octets.subarray(i * HASH_SIZE, (i + 1) * HASH_SIZE));
};
