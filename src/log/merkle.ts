import { refuse } from '../reasons/index.js';
import { HASH_SIZE, isHash, sha256 } from './sha256.js';

/** RFC 9162 section 2.1.1: the hash of the empty tree is the hash of nothing. */
export const EMPTY_ROOT: Uint8Array = sha256(new Uint8Array(0));

/** Scratch space: hashing is synchronous, so one buffer for all calls spares an allocation each. */
const nodeInput = Buffer.alloc(1 + 2 * HASH_SIZE, 0x01);
const leafInput = Buffer.alloc(1 + 65_535);

/**
 * RFC 9162 section 2.1.1: SHA-256(0x00 || entry). The prefix keeps a leaf from being read as a node.
 * @throws Refusal `malformed-proof` when the entry is not octets
 */
export const leafHash = (entry: Uint8Array): Buffer => {
  if (!(entry instanceof Uint8Array)) return refuse('malformed-proof', 'entry');
  if (entry.length >= leafInput.length) return sha256(Buffer.concat([leafInput.subarray(0, 1), entry]));
  leafInput.set(entry, 1);
  return sha256(leafInput.subarray(0, 1 + entry.length));
};

/** RFC 9162 section 2.1.1: SHA-256(0x01 || left || right). Both 32 octets. */
export const nodeHash = (left: Uint8Array, right: Uint8Array): Buffer => {
  nodeInput.set(left, 1);
  nodeInput.set(right, 1 + HASH_SIZE);
  return sha256(nodeInput);
};

/**
 * An append-only tree kept as its compact range: the roots of its perfect subtrees, largest first, at most 53 hashes.
 * Appending costs two hashes on average, whatever the size.
 */
export class Tree {
  #size = 0;
  #range: Uint8Array[] = [];

  get size(): number {
    return this.#size;
  }

  /** Appends the hash of the next leaf. */
  append(hash: Uint8Array): void {
    let node = hash;
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) node = nodeHash(this.#range.pop() as Uint8Array, node);
    this.#range.push(node);
    this.#size += 1;
  }

  root(): Uint8Array {
    let root = this.#range.at(-1);
    if (root === undefined) return EMPTY_ROOT;
    for (let i = this.#range.length - 2; i >= 0; i -= 1) root = nodeHash(this.#range[i] as Uint8Array, root);
    return root;
  }

  clone(): Tree {
    const copy = new Tree();
    copy.#size = this.#size;
    copy.#range = [...this.#range];
    return copy;
  }

  /** Size as 8 octets, big-endian, then the hashes of the compact range, largest subtree first. */
  serialise(): Buffer {
    const head = Buffer.alloc(8);
    head.writeBigUInt64BE(BigInt(this.#size));
    return Buffer.concat([head, ...this.#range]);
  }

  /** @throws Refusal `log-corrupt` when the octets are not a serialised tree */
  static restore(octets: Uint8Array): Tree {
    const bytes = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
    if (bytes.length < 8) return refuse('log-corrupt', 'tree');
    const tree = new Tree();
    tree.#size = Number(bytes.readBigUInt64BE(0));
    if (!Number.isSafeInteger(tree.#size) || bytes.length !== 8 + HASH_SIZE * subtreesOf(tree.#size)) return refuse('log-corrupt', 'tree');
    for (let at = 8; at < bytes.length; at += HASH_SIZE) tree.#range.push(Buffer.from(bytes.subarray(at, at + HASH_SIZE)));
    return tree;
  }

  /**
   * A tree from its compact range.
   * @throws Refusal `log-corrupt` when the number of hashes is not that of the size
   */
  static fromRange(size: number, range: readonly Uint8Array[]): Tree {
    if (!Number.isSafeInteger(size) || size < 0 || range.length !== subtreesOf(size) || !range.every(isHash))
      return refuse('log-corrupt', 'tree');
    const tree = new Tree();
    tree.#size = size;
    tree.#range = [...range];
    return tree;
  }
}

/** A tree of n leaves has one perfect subtree for each 1 in the binary form of n. */
const subtreesOf = (size: number): number => {
  let count = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
};
