import { refuse, type Reason } from '../reasons/index.js';
import { nodeHash } from './merkle.js';
import { equalOctets, isHash } from './sha256.js';

/** A size or an index: up to 2^64 - 1 (C2SP tlog-tiles). */
export type Count = number | bigint;

const LIMIT = 1n << 64n;

/** The exact integer, or null for what is none: fractions, negatives, numbers that are no longer exact. */
export const toCount = (value: unknown): bigint | null => {
  if (typeof value === 'bigint') return value >= 0n && value < LIMIT ? value : null;
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : null;
};

/** The number where it is exact, so that it survives JSON; else the bigint. */
export const fromCount = (value: bigint): Count => (value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value);

export interface InclusionClaim {
  readonly index: Count;
  readonly size: Count;
  readonly leafHash: Uint8Array;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

export interface ConsistencyClaim {
  readonly size1: Count;
  readonly size2: Count;
  readonly root1: Uint8Array;
  readonly root2: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** No honest proof is longer: two hashes for each of 64 levels. Bounds the work on hostile input. */
const MAX_PROOF = 128;

const hashesOf = (value: unknown): readonly Uint8Array[] => {
  if (!Array.isArray(value) || value.length > MAX_PROOF || !value.every(isHash)) return refuse('malformed-proof', 'proof');
  return value;
};

const hashOf = (value: unknown, what: string): Uint8Array => (isHash(value) ? value : refuse('malformed-proof', what));
const octetsOf = (value: unknown): Uint8Array =>
  value instanceof Uint8Array && value.length > 0 ? value : refuse('malformed-proof', 'root');
const countOf = (value: unknown, what: string): bigint => toCount(value) ?? refuse('malformed-proof', what);

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

/**
 * RFC 9162 section 2.1.3.2: the leaf with this hash is at `index` in the tree of `size` leaves with this root.
 * Proves nothing about who vouches for the root: open the checkpoint first.
 * @throws Refusal `malformed-proof`, `inclusion-failed`
 */
export const verifyInclusion = (claim: InclusionClaim): true => {
  if (!isObject(claim)) return refuse('malformed-proof', 'claim');
  const index = countOf(claim.index, 'index');
  const size = countOf(claim.size, 'size');
  let hash = hashOf(claim.leafHash, 'leaf hash');
  const root = hashOf(claim.root, 'root');
  const proof = hashesOf(claim.proof);
  if (index >= size) return refuse('inclusion-failed', 'index');
  let fn = index;
  let sn = size - 1n;
  for (const step of proof) {
    if (sn === 0n) return refuse('inclusion-failed', 'proof length');
    if (isOdd(fn) || fn === sn) {
      hash = nodeHash(step, hash);
      while (!isOdd(fn) && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else {
      hash = nodeHash(hash, step);
    }
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  return conclude('inclusion-failed', sn, [hash, root]);
};

/**
 * RFC 9162 section 2.1.4.2: the tree of `size1` leaves with `root1` is a prefix of the tree of `size2` leaves with `root2`.
 * `size1` = 0 is refused: an empty tree is a prefix of every tree, so the answer would say nothing.
 * @throws Refusal `malformed-proof`, `consistency-failed`
 */
export const verifyConsistency = (claim: ConsistencyClaim): true => {
  if (!isObject(claim)) return refuse('malformed-proof', 'claim');
  const size1 = countOf(claim.size1, 'size');
  const size2 = countOf(claim.size2, 'size');
  const proof = hashesOf(claim.proof);
  if (size1 === 0n || size1 > size2) return refuse('consistency-failed', 'size');
  // Step 1: nothing is hashed, so the roots may be any octets, if they are the same.
  if (size1 === size2) return conclude('consistency-failed', BigInt(proof.length), [octetsOf(claim.root1), octetsOf(claim.root2)]);
  return walkConsistency(size1, size2, hashOf(claim.root1, 'root'), hashOf(claim.root2, 'root'), proof);
};

const walkConsistency = (size1: bigint, size2: bigint, root1: Uint8Array, root2: Uint8Array, proof: readonly Uint8Array[]): true => {
  if (proof.length === 0) return refuse('consistency-failed', 'proof length');
  // Step 2: the old root is itself a node of the new tree when its size is a power of two.
  const path = (size1 & (size1 - 1n)) === 0n ? [root1, ...proof] : proof;
  let fn = size1 - 1n;
  let sn = size2 - 1n;
  while (isOdd(fn)) [fn, sn] = [fn >> 1n, sn >> 1n];
  let first = path[0] as Uint8Array;
  let second = first;
  for (const step of path.slice(1)) {
    if (sn === 0n) return refuse('consistency-failed', 'proof length');
    if (isOdd(fn) || fn === sn) {
      first = nodeHash(step, first);
      second = nodeHash(step, second);
      while (!isOdd(fn) && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else {
      second = nodeHash(second, step);
    }
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  return conclude('consistency-failed', sn, [first, root1], [second, root2]);
};

const isOdd = (value: bigint): boolean => (value & 1n) === 1n;

const conclude = (reason: Reason, left: bigint, ...pairs: ReadonlyArray<readonly [Uint8Array, Uint8Array]>): true => {
  if (left !== 0n) return refuse(reason, 'proof length');
  if (!pairs.every(([a, b]) => equalOctets(a, b))) return refuse(reason, 'root');
  return true;
};
