import { concat, type Octets } from './octets.js';

/** SHA-256. */
export const HASH_SIZE = 32;

export const sha256 = async (octets: Octets): Promise<Octets> => new Uint8Array(await crypto.subtle.digest('SHA-256', octets));

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** RFC 9162 section 2.1.1: SHA-256(0x00 || entry). The prefix keeps a leaf from being read as a node. */
export const leafHash = (entry: Uint8Array): Promise<Octets> => sha256(concat(LEAF, entry));

/** RFC 9162 section 2.1.1: SHA-256(0x01 || left || right). */
export const nodeHash = (left: Uint8Array, right: Uint8Array): Promise<Octets> => sha256(concat(NODE, left, right));

/** RFC 9162 section 2.1.1 over hashes; an odd last one moves up unchanged: it stands for all leaves to the right. */
export const rootOf = async (hashes: readonly Octets[]): Promise<Octets> => {
  let level = hashes;
  while (level.length > 1) {
    const above: Promise<Octets>[] = [];
    for (let i = 0; i + 1 < level.length; i += 2) above.push(nodeHash(level[i] as Octets, level[i + 1] as Octets));
    if (level.length % 2 === 1) above.push(Promise.resolve(level.at(-1) as Octets));
    level = await Promise.all(above);
  }
  return level[0] ?? sha256(new Uint8Array(0));
};

export const isHash = (octets: Uint8Array | null): octets is Octets => octets !== null && octets.length === HASH_SIZE;
