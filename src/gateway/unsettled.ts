import { peekLeaf } from '../log/index.js';
import type { SubjectId } from '../ports/index.js';
import { readJournalEntry } from './journal.js';
import type { FoldSource } from './fold.js';

/**
 * Why a refusal of the sequencer cannot be ruled on again: what it was ruled by is gone. Only refusals: an acceptance that opens was ruled on after the
 * last erasure of its number, whose `erase` leaf says all that was left then; and a lost memory of PASSporTs can only accept more.
 */
export const UNSETTLED = {
  'number-erased': 'refused over a number that a later entry erased: the state that ruled is gone',
  'passport-erased': 'refused since the jti was used before: it may have been by an entry whose number was erased',
  'key-gone': 'refused while the key of an entry is gone, of which no entry says an erasure',
} as const;

export type UnsettledCause = keyof typeof UNSETTLED;
export const UNSETTLED_CAUSES = Object.keys(UNSETTLED) as readonly UnsettledCause[];

/** The `erase` leaves of a log: of each subject the last. */
export interface Erasures {
  readonly last: ReadonlyMap<SubjectId, number>;
  readonly count: number;
}

/** @throws Refusal `log-corrupt` */
export const erasuresOf = async ({ wal, vault }: Pick<FoldSource, 'wal' | 'vault'>): Promise<Erasures> => {
  const last = new Map<SubjectId, number>();
  let count = 0;
  for await (const { index, record } of wal.read(0)) {
    if (peekLeaf(record.leaf).k !== 'erase') continue;
    count += 1;
    const { erased } = readJournalEntry(vault, index, record);
    if (erased !== null) last.set(erased.id, index);
  }
  return { last, count };
};

export interface OtherRuling {
  readonly index: number;
  readonly id: SubjectId;
  /** In the log: `OK`, or the reason. */
  readonly said: string;
  readonly got: string;
  /** Keys of accepted entries before it that are gone. */
  readonly gone: number;
}

const isReplay = (word: string): boolean => word === 'jti-replay' || word === 'jti-conflict';

/** What explains a ruling that comes out otherwise; null: nothing does, and it is a difference. */
export const unsettledBy = ({ index, id, said, got, gone }: OtherRuling, { last, count }: Erasures): UnsettledCause | null => {
  if (gone === 0 || said === 'OK') return null;
  if (isReplay(said) && !isReplay(got)) return 'passport-erased';
  if ((last.get(id) ?? -1) > index) return 'number-erased';
  return gone > count ? 'key-gone' : null;
};
