import type { SubjectId, Vault, WalRecord } from '../ports/index.js';
import { subjectId } from '../identifiers/index.js';
import { commitCase, commitList, digestOfPlaces, packPlaces, parseLeaf, peekLeaf, type LeafHead } from '../log/index.js';
import { refuse } from '../reasons/index.js';
import type { SweepEvent } from '../registry/index.js';
import { decodeSealedErasure, type SealedErasure } from './sealed-erasure.js';
import { AS_JUDGED, decodeSealedEvent, type SealedEvent } from './sealed-event.js';
import { decodeSealedSweep, sweepEventOf, type SealedSweep } from './sealed-sweep.js';

/** AES-GCM context of a sealed record: its index, so that no record can be moved to another place in the log. */
export const sealingContext = (index: number): Buffer => {
  const context = Buffer.alloc(8);
  context.writeBigUInt64BE(BigInt(index));
  return context;
};

/** One WAL record as the fold reads it. */
export interface JournalEntry {
  readonly index: number;
  readonly leaf: LeafHead;
  readonly keySlot: number;
  /** Null where the leaf changes no subject, or the subject was erased. */
  readonly sealed: SealedEvent | null;
  /** Of a `revoke` or `expire` leaf. */
  readonly swept: (SealedSweep & { readonly event: SweepEvent }) | null;
  /** Of an `erase` leaf. */
  readonly erased: SealedErasure | null;
}

/** What reading needs of a vault. */
export type OpeningVault = Pick<Vault, 'open'>;

/** Kinds that change subjects. */
const CHANGES = new Set<string>(['accept', 'revoke', 'expire', 'erase']);

/** @throws Refusal `log-corrupt` when the record does not parse or does not open */
export const readJournalEntry = (vault: OpeningVault, index: number, record: WalRecord): JournalEntry => {
  const leaf = peekLeaf(record.leaf);
  const entry = { index, leaf, keySlot: record.keySlot, sealed: null, swept: null, erased: null };
  if (!CHANGES.has(leaf.k) || record.sealed.length === 0) return entry;
  const plaintext = vault.open(record.keySlot, sealingContext(index), record.sealed);
  if (plaintext === null) return entry;
  if (leaf.k === 'accept') return { ...entry, sealed: decodeSealedEvent(plaintext) };
  if (leaf.k === 'erase') return { ...entry, erased: checkedErasure(record.leaf, decodeSealedErasure(plaintext), index) };
  const sealed = decodeSealedSweep(plaintext);
  checkFell(record.leaf, sealed, index);
  return { ...entry, swept: { ...sealed, event: sweepEventOf(sealed) } };
};

const checkedErasure = (leaf: Uint8Array, sealed: SealedErasure, index: number): SealedErasure => {
  const { erased } = parseLeaf(leaf);
  if (erased?.case !== commitCase(sealed.opening, sealed.caseId) || sealed.residue.leafIndex !== index)
    refuse('log-corrupt', `entry ${index} says another erasure than is sealed beside it`);
  return sealed;
};

/** What auditors see of a sweep is what was done: few leaves, so each is looked at again. */
const checkFell = (leaf: Uint8Array, { opening, effect, list }: SealedSweep, index: number): void => {
  const { k, fell } = parseLeaf(leaf);
  const isSaid =
    fell !== undefined &&
    (k === 'expire') === (effect === 'expired') &&
    fell.eff === effect &&
    fell.n === list.length &&
    fell.list === commitList(opening, digestOfPlaces(packPlaces(list)));
  if (!isSaid) refuse('log-corrupt', `entry ${index} says another list than is sealed beside it`);
};

/** The subjects that an entry changes. */
export const subjectsOf = ({ sealed, swept, erased }: JournalEntry, pepper: Uint8Array): SubjectId[] => {
  if (erased !== null) return [erased.id];
  if (sealed !== null) return [subjectId(pepper, sealed.event.sii)];
  return swept === null ? [] : [...new Set(swept.list.map(({ id }) => id))];
};

/** The context in which an accepted event is applied again: what was in force then. */
export const replayContext = ({ index, leaf, sealed, keySlot }: JournalEntry) => ({
  index,
  time: leaf.t,
  versions: AS_JUDGED,
  providerOfRecord: () =>
    sealed === null || sealed.event.type === 'withdraw-by-connection' ? null : sealed.event.judgedUnder.providerOfRecord,
  mappingLifetime: sealed?.mappingLifetime ?? 0,
  keySlot,
});
