import { sha256 } from './sha256.js';

/** A mapping as the store has it: whose it is, and the leaf of its last registration. */
export interface MappingPlace {
  /** 16 octets as latin1: the store key of the SII. */
  readonly id: string;
  readonly index: number;
}

/** Octets of one mapping in the list. */
export const PLACE_OCTETS = 22;

/** The list as a leaf commits to it: 6 octets of index and 16 of the id for each, in ascending order of index. */
export const packPlaces = (list: readonly MappingPlace[]): Buffer => {
  const octets = Buffer.allocUnsafe(list.length * PLACE_OCTETS);
  list.forEach(({ id, index }, place) => {
    octets.writeUIntBE(index, place * PLACE_OCTETS, 6);
    octets.write(id, place * PLACE_OCTETS + 6, 16, 'latin1');
  });
  return octets;
};

/** What the leaf's commitment is over. */
export const digestOfPlaces = (packed: Uint8Array): Uint8Array => sha256(packed);
