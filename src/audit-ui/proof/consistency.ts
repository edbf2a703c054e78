import { fail } from './fault.js';
import { nodeHash } from './hash.js';
import { isEqual, type Octets } from './octets.js';

export interface ConsistencyClaim {
  readonly size1: number;
  readonly root1: Octets;
  readonly size2: number;
  readonly root2: Octets;
  readonly proof: readonly Octets[];
}

/**
 * RFC 9162 section 2.1.4.2: the tree of `size1` leaves with `root1` is a prefix of the tree of `size2` leaves with `root2`. Size 0 is refused: an
 * empty tree is a prefix of every tree, so the answer would say nothing.
 */
export const verifyConsistency = async ({ size1, root1, size2, root2, proof }: ConsistencyClaim): Promise<true> => {
  if (![size1, size2].every(Number.isSafeInteger) || size1 < 1 || size1 > size2)
    return fail('consistency-failed', `from ${size1} to ${size2}`);
  if (size1 === size2) return proof.length === 0 && isEqual(root1, root2) ? true : broken();
  if (proof.length === 0) return fail('consistency-failed', 'the proof is empty');
  // Step 2: the old root is itself a node of the new tree when its size is a power of two.
  const path = Number.isInteger(Math.log2(size1)) ? [root1, ...proof] : proof;
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
  return sn === 0 && isEqual(first, root1) && isEqual(second, root2) ? true : broken();
};

const half = (n: number): number => Math.floor(n / 2);

const broken = (): never => fail('consistency-failed', 'the newer tree does not begin with the older one');
