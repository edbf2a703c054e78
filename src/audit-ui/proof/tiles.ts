import { fail } from './fault.js';
import { HASH_SIZE } from './hash.js';
import type { Octets } from './octets.js';

/** C2SP tlog-tiles: a tile holds up to 256 hashes. */
export const TILE_WIDTH = 256;

export type Level = number | 'entries';

/** The path of a tile below the log's prefix, `tile/0/x001/234.p/7`: groups of three digits, all but the last with an "x". */
export const tilePath = (level: Level, index: number, width: number): string => {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g) ?? [];
  const name = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${level}/${name}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
};

/** The width that a tile has in a tree of `size` leaves: 0 when the tree does not reach it. */
export const tileWidth = (level: Level, index: number, size: number): number => {
  const count = Math.floor(size / TILE_WIDTH ** (level === 'entries' ? 0 : level));
  return Math.max(0, Math.min(TILE_WIDTH, count - index * TILE_WIDTH));
};

/** The first `width` hashes of a tile. */
export const parseTile = (octets: Octets, width: number, path: string): Octets[] => {
  if (octets.length < width * HASH_SIZE || octets.length % HASH_SIZE !== 0)
    return fail('log-corrupt', `${path} has ${octets.length} octets`);
  return Array.from({ length: width }, (_, i) => octets.slice(i * HASH_SIZE, (i + 1) * HASH_SIZE));
};

/** The first `width` entries of a bundle: each after its length, 2 octets, big-endian. */
export const parseBundle = (octets: Octets, width: number, path: string): Octets[] => {
  const entries: Octets[] = [];
  for (let at = 0; entries.length < width;) {
    const end = at + 2 + (((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0));
    if (at + 2 > octets.length || end > octets.length) return fail('log-corrupt', `${path} is cut off after ${entries.length} entries`);
    entries.push(octets.subarray(at + 2, end));
    at = end;
  }
  return entries;
};
