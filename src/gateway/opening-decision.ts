import { peekLeaf } from '../log/index.js';
import type { EvidenceRecord, WalRecord } from '../ports/index.js';
import { Refusal } from '../reasons/index.js';
import { openedLeaf } from './case-leaf.js';
import type { DecisionParts } from './decision.js';
import type { Draft } from './draft.js';
import { unsealEvidence } from './evidence.js';
import { sealingContext } from './journal.js';
import type { OpeningLimit } from './opening-limit.js';
import { encodeSealedOpening } from './sealed-opening.js';
import { versionsOf } from './world.js';

export interface OpeningRequest {
  readonly index: number;
  /** The entry at that index. */
  readonly record: WalRecord;
  /** What the decision was made from, sealed under the same key; null: none is kept. */
  readonly evidence: EvidenceRecord | null;
  readonly caseId: string;
  /** Domain of the auditor or operator. */
  readonly client: string;
}

export interface Opened {
  /** Index of the leaf that says so. */
  readonly logIndex: number;
  /** What was sealed beside the entry. */
  readonly plaintext: Uint8Array;
  readonly evidence: Uint8Array | null;
}

export interface OpeningParts extends Pick<DecisionParts, 'vault' | 'random' | 'gateway' | 'world'> {
  readonly openings: OpeningLimit;
}

/**
 * One leaf for one opening, durable before anybody is told what was opened.
 * @throws Refusal `not-found` (nothing is sealed there), `entry-erased`, `evidence-expired`, `opening-limit`: without a leaf
 */
export const decideOpening = (
  draft: Draft,
  time: number,
  { index: ref, record, evidence, caseId, client }: OpeningRequest,
  { vault, random, gateway, world, openings }: OpeningParts,
  resolve: (opened: Opened) => void,
): void => {
  const plaintext = unseal(draft, ref, record, vault);
  const seen = unsealEvidence(vault, ref, evidence);
  openings.spend(client, time, world().openingsPerDay);
  const index = draft.next;
  const opening = random(32);
  const leaf = openedLeaf({ client, caseId, time, opening, gateway, versions: versionsOf(world()) }, ref);
  draft.newSlots = true;
  const keySlot = vault.newSlot();
  draft.record({ leaf, sealed: vault.seal(keySlot, sealingContext(index), encodeSealedOpening({ opening, caseId })), keySlot });
  draft.answers.push(() => resolve({ logIndex: index, plaintext, evidence: seen }));
};

const unseal = (draft: Draft, index: number, { leaf, sealed, keySlot }: WalRecord, vault: DecisionParts['vault']): Uint8Array => {
  if (sealed.length === 0) throw new Refusal('not-found', 'nothing is sealed beside this entry');
  const plaintext = draft.erased.has(keySlot) ? null : vault.open(keySlot, sealingContext(index), sealed);
  if (plaintext !== null) return plaintext;
  throw new Refusal(peekLeaf(leaf).k === 'reject' ? 'evidence-expired' : 'entry-erased');
};
