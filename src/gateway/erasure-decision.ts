import type { SubjectId } from '../ports/index.js';
import { NO_KEY, erase } from '../registry/index.js';
import { erasedLeaf } from './case-leaf.js';
import type { DecisionParts } from './decision.js';
import type { Draft } from './draft.js';
import { sealingContext } from './journal.js';
import { encodeSealedErasure } from './sealed-erasure.js';
import { versionsOf } from './world.js';

/** A subject's wish to be forgotten, which an operator passes on. */
export interface ErasureRequest {
  readonly id: SubjectId;
  readonly caseId: string;
  /** Domain of the operator. */
  readonly client: string;
}

/** `index`: of the leaf that says that it was erased, now or before; null: nothing was ever held, or what was held has no more to erase. */
export interface Erased {
  readonly index: number | null;
  /** Whether there was anything to erase. */
  readonly isNew: boolean;
}

/**
 * One leaf, the subject without all that is personal, and its key's end. Nothing held, or erased before: no leaf.
 * Not erased: what is sealed under the keys of days (refusals), which go with their retention period.
 */
export const decideErasure = (
  draft: Draft,
  time: number,
  { id, caseId, client }: ErasureRequest,
  { vault, random, gateway, world }: Pick<DecisionParts, 'vault' | 'random' | 'gateway' | 'world'>,
  resolve: (erased: Erased) => void,
): void => {
  const before = draft.working.get(id) ?? null;
  if (before === null || before.keySlot === NO_KEY) {
    draft.answers.push(() => resolve({ index: before?.leafIndex ?? null, isNew: false }));
    return;
  }
  const index = draft.next;
  const opening = random(32);
  const residue = erase(before, index, time);
  const leaf = erasedLeaf({ client, caseId, time, opening, gateway, versions: versionsOf(world()) });
  draft.newSlots = true;
  const keySlot = vault.newSlot();
  const sealed = vault.seal(keySlot, sealingContext(index), encodeSealedErasure({ opening, caseId, id, residue }));
  draft.record({ leaf, sealed, keySlot });
  draft.put(id, residue, index);
  draft.lastErasure = index;
  draft.erased.add(before.keySlot);
  draft.finishing.push(() => vault.erase(before.keySlot));
  draft.answers.push(() => resolve({ index, isNew: true }));
};
