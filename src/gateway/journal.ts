import type { Vault, WalRecord } from '../ports/index.js';
import { peekLeaf, type LeafHead } from '../log/index.js';
import { AS_JUDGED, decodeSealedEvent, type SealedEvent } from './sealed-event.js';

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
}

/** @throws Refusal `log-corrupt` when the record does not parse or does not open */
export const readJournalEntry = (vault: Vault, index: number, record: WalRecord): JournalEntry => {
  const leaf = peekLeaf(record.leaf);
  const entry = { index, leaf, keySlot: record.keySlot };
  if (leaf.k !== 'accept' || record.sealed.length === 0) return { ...entry, sealed: null };
  const plaintext = vault.open(record.keySlot, sealingContext(index), record.sealed);
  return { ...entry, sealed: plaintext === null ? null : decodeSealedEvent(plaintext) };
};

/** The context in which an accepted event is applied again: what was in force then. */
export const replayContext = (entry: JournalEntry, sealed: SealedEvent) => ({
  index: entry.index,
  time: entry.leaf.t,
  versions: AS_JUDGED,
  providerOfRecord: sealed.event.type === 'withdraw-by-connection' ? null : sealed.event.judgedUnder.providerOfRecord,
  mappingLifetime: sealed.mappingLifetime,
  keySlot: entry.keySlot,
});
