import { refuse } from '../reasons/index.js';
import type { SubjectId, WriteAheadLog } from '../ports/index.js';
import { packSubject, transition, type Subject } from '../registry/index.js';
import { readJournalEntry, replayContext, subjectsOf, type JournalEntry, type OpeningVault } from './journal.js';

/**
 * Applies one journal entry to a subject that it changes: the next subject.
 * The fold is the same `transition` as the commit; an entry that was accepted then and does not apply now is corruption. Only a sweep may name a
 * subject of which nothing is left, because it was erased. An erasure says itself what it left: what was before may open no more.
 * @throws Refusal `log-corrupt`
 */
export const foldEntry = (subject: Subject | null, entry: JournalEntry): Subject | null => {
  if (entry.erased !== null) return entry.erased.residue;
  const event = entry.sealed?.event ?? entry.swept?.event;
  if (event === undefined) return subject;
  const result = transition(subject, event, replayContext(entry));
  if (result.outcome === 'refused' && (event.type === 'revoke' || event.type === 'expire')) return subject;
  if (result.outcome !== 'applied') return refuse('log-corrupt', `entry ${entry.index} does not apply`);
  return result.subject;
};

export interface FoldSource {
  readonly wal: Pick<WriteAheadLog, 'read'>;
  readonly vault: OpeningVault;
  readonly pepper: Uint8Array;
}

/** The map as the log alone gives it, packed: what the mapping store must equal (DESIGN section 3: state is a pure fold). */
export const foldLog = async ({ wal, vault, pepper }: FoldSource): Promise<Map<SubjectId, Uint8Array>> => {
  const subjects = new Map<SubjectId, Subject>();
  for await (const { index, record } of wal.read(0)) {
    const entry = readJournalEntry(vault, index, record);
    for (const id of subjectsOf(entry, pepper)) {
      const next = foldEntry(subjects.get(id) ?? null, entry);
      if (next !== null) subjects.set(id, next);
    }
  }
  return new Map([...subjects].map(([id, subject]) => [id, packSubject(subject)]));
};
