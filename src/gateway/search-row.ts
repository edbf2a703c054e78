import { areaOf, subjectId } from '../identifiers/index.js';
import { nameInLeaf, type LeafFields } from '../log/index.js';
import type { SubjectId, Vault, WalRecord } from '../ports/index.js';
import { readJournalEntry, sealingContext, subjectsOf } from './journal.js';
import type { SearchRow } from './search-block.js';
import { markOf, tagOf } from './search-index.js';
import { decodeSealedRefusal } from './sealed-event.js';

/** What a leaf does not say of itself: whom it is about, and who is of record for the SII. */
export interface RecordAbout {
  readonly ids: readonly SubjectId[];
  /** SPC or domain; null: nobody, or not asked. */
  readonly owner: string | null;
  /** Where the SII is; null: about many, or none. */
  readonly area: string | null;
  /** Who was erased by the entry, which is about nobody: what was before it says no more whom it was about. */
  readonly erased?: SubjectId;
}

export const ABOUT_NOBODY: RecordAbout = { ids: [], owner: null, area: null };

/** The leaf is one that this gateway wrote. */
export const rowOf = (leaf: Uint8Array, { ids, owner, area }: RecordAbout): SearchRow => {
  const text = Buffer.from(leaf.buffer, leaf.byteOffset, leaf.byteLength).toString('latin1');
  const { k, t, act, ap, np, tok, why } = JSON.parse(text) as LeafFields;
  const signer = np === null ? null : (np.spc ?? np.dom);
  const spelled = owner === null ? null : nameInLeaf(owner);
  const other = np === null || spelled === signer ? null : spelled;
  return { kind: k, time: t, action: act, reason: why, client: ap, signer, owner: other, area, mark: markOf(tok), tags: ids.map(tagOf) };
};

export interface AboutSources {
  readonly vault: Vault;
  readonly pepper: Uint8Array;
  /** Who is of record for an SII at a time in ms, by what is known of numbers now. */
  readonly providerOfRecord: (sii: string, time: number) => string | null;
}

/** The same of a record that was written before; nobody, where its key is gone. @throws Refusal `log-corrupt` */
export const aboutOf = ({ vault, pepper, providerOfRecord }: AboutSources, index: number, record: WalRecord): RecordAbout => {
  const entry = readJournalEntry(vault, index, record);
  if (entry.leaf.k === 'reject') {
    const plaintext = record.sealed.length === 0 ? null : vault.open(record.keySlot, sealingContext(index), record.sealed);
    const sii = plaintext === null ? null : decodeSealedRefusal(plaintext).sii;
    return sii === null ? ABOUT_NOBODY : { ids: [subjectId(pepper, sii)], owner: providerOfRecord(sii, entry.leaf.t), area: areaOf(sii) };
  }
  if (entry.erased !== null) return { ...ABOUT_NOBODY, erased: entry.erased.id };
  const event = entry.sealed?.event;
  const owner = event === undefined || event.type === 'withdraw-by-connection' ? null : event.judgedUnder.providerOfRecord;
  return { ids: subjectsOf(entry, pepper), owner, area: event === undefined ? null : areaOf(event.sii) };
};
