import { fail } from './fault.js';
import { nodeHash } from './hash.js';
import { isEqual, type Octets } from './octets.js';

/** One hash on the way from a leaf to the root. */
export interface Fold {
  readonly sibling: Octets;
  /** Where the sibling stands. */
  readonly side: 'left' | 'right';
  /** SHA-256(0x01 || left || right). */
  readonly result: Octets;
}

export interface InclusionClaim {
  readonly index: number;
  readonly size: number;
  readonly leafHash: Octets;
  readonly proof: readonly Octets[];
}

/**
 * RFC 9162 section 2.1.3.2, hash by hash: the root that the leaf and its proof give. It proves the leaf only if it is the root of a checkpoint
 * whose signature holds.
 */
export const foldInclusion = async ({ index, size, leafHash, proof }: InclusionClaim): Promise<{ folds: Fold[]; root: Octets }> => {
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(index) || index < 0 || index >= size)
    return fail('inclusion-failed', `no entry ${index} among ${size}`);
  let [fn, sn] = [index, size - 1];
  let hash = leafHash;
  const folds: Fold[] = [];
  for (const sibling of proof) {
    if (sn === 0) return fail('inclusion-failed', 'the proof is too long');
    const isRight = fn % 2 === 1 || fn === sn;
    hash = isRight ? await nodeHash(sibling, hash) : await nodeHash(hash, sibling);
    if (isRight) while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    folds.push({ sibling, side: isRight ? 'left' : 'right', result: hash });
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 ? { folds, root: hash } : fail('inclusion-failed', 'the proof is too short');
};

/** Shifts would be of 32 bits. */
const half = (n: number): number => Math.floor(n / 2);

export const verifyInclusion = async (claim: InclusionClaim & { readonly root: Octets }): Promise<Fold[]> => {
  const { folds, root } = await foldInclusion(claim);
  return isEqual(root, claim.root) ? folds : fail('inclusion-failed', 'the hashes do not lead to the root of the checkpoint');
};
