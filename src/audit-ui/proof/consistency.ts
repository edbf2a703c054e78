import { fail } from './fault.js';
import { nodeHash } from './hash.js';
import { isEqual, type Octets } from './octets.js';

/**
 * RFC 9162 section 2.1.4.2: the roots that a path gives for a tree of `size1` leaves and for the tree of `size2` that begins with it. Unlike a proof, the
 * path names its first node always, also where that is the whole older tree: so who knows one root can tell which of the two is wrong.
 */
export const foldConsistency = async (
  size1: number,
  size2: number,
  path: readonly Octets[],
): Promise<{ first: Octets; second: Octets }> => {
  const isCount = Number.isSafeInteger(size1) && Number.isSafeInteger(size2) && size1 >= 1 && size1 < size2;
  if (!isCount || path.length === 0) return fail('consistency-failed', `no path from ${size1} to ${size2}`);
  let [fn, sn] = [size1 - 1, size2 - 1];
  while (fn % 2 === 1) [fn, sn] = [half(fn), half(sn)];
  let [first, second] = [path[0] as Octets, path[0] as Octets];
  for (const step of path.slice(1)) {
    if (sn === 0) return fail('consistency-failed', 'the proof is too long');
    if (fn % 2 === 1 || fn === sn) {
      [first, second] = await Promise.all([nodeHash(step, first), nodeHash(step, second)]);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      second = await nodeHash(second, step);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 ? { first, second } : fail('consistency-failed', 'the proof is too short');
};

const half = (n: number): number => Math.floor(n / 2);

export const isPowerOfTwo = (n: number): boolean => Number.isInteger(Math.log2(n));

export interface ConsistencyClaim {
  readonly size1: number;
  readonly root1: Octets;
  readonly size2: number;
  readonly root2: Octets;
  readonly proof: readonly Octets[];
}

/** The tree of `size1` leaves with `root1` is a prefix of the tree of `size2` leaves with `root2`. Size 0 is refused: it would say nothing. */
export const verifyConsistency = async ({ size1, root1, size2, root2, proof }: ConsistencyClaim): Promise<true> => {
  if (size1 < 1) return fail('consistency-failed', 'an empty tree');
  if (size1 === size2 ? proof.length !== 0 : proof.length === 0)
    return fail('consistency-failed', 'the proof has not the length that it must have');
  // Step 1: of one size nothing is hashed.
  const roots =
    size1 === size2 ? { first: root1, second: root1 } : foldConsistency(size1, size2, isPowerOfTwo(size1) ? [root1, ...proof] : proof);
  const { first, second } = await roots;
  return isEqual(first, root1) && isEqual(second, root2)
    ? true
    : fail('consistency-failed', 'the newer tree does not begin with the older one');
};
