import { readJournalEntry, type JournalEntry } from '../gateway/journal.js';
import type { Difference } from '../gateway/judged-again.js';
import type { ReplayTerms } from '../gateway/replay-terms.js';
import type { ReplayedEntry, ReplayedRange } from '../gateway/replayed-entries.js';
import { wordOf, type ReplayedState } from '../gateway/replayed-state.js';
import type { Ruled } from '../gateway/ruling.js';
import { erasuresOf, unsettledBy, type Erasures, type OtherRuling, type UnsettledCause } from '../gateway/unsettled.js';
import type { EventTerms } from '../gateway/world.js';
import { peekLeaf } from '../log/index.js';
import { Refusal, Unavailable } from '../reasons/index.js';
import type { Versions } from '../verification/index.js';
import type { WalRecord } from '../ports/index.js';
import type { ReplaySource } from './audit-replay-source.js';

/** How decisions came out. */
export interface ReplayCounts {
  decisions: number;
  equal: number;
  differing: number;
  /** The evidence is gone, and with it the subject. */
  erased: number;
  /** The evidence of a refusal is gone: it was kept as long as policy says. */
  expired: number;
  /** Of a time when no evidence was kept. */
  unkept: number;
  /** The sequencer refused by something that was erased since. */
  unsettled: number;
}

type Outcome = Exclude<keyof ReplayCounts, 'decisions'>;

export interface PassParts {
  readonly source: ReplaySource;
  readonly terms: ReplayTerms;
  readonly state: ReplayedState;
  readonly tell: (index: number, differences: readonly Difference[]) => void;
}

/** The log in order, from the first entry on: what was judged out of order is settled by the state that was there before each entry. */
export class ReplayPass {
  readonly counts: ReplayCounts = { decisions: 0, equal: 0, differing: 0, erased: 0, expired: 0, unkept: 0, unsettled: 0 };
  readonly causes: Record<UnsettledCause, number> = { 'number-erased': 0, 'passport-erased': 0, 'key-gone': 0 };
  readonly #parts: PassParts;
  #entries = new Map<number, ReplayedEntry>();
  #under: ReplayedRange['under'] = [];
  #next = 0;
  #terms: EventTerms | null = null;
  #erasures: Erasures | null = null;

  constructor(parts: PassParts) {
    this.#parts = parts;
  }

  /** Takes what was judged of the entries that come next. */
  take({ entries, under }: ReplayedRange): void {
    this.#entries = new Map(entries.map((one) => [one.index, one]));
    this.#under = under;
    this.#next = 0;
  }

  /** An entry that nothing is asked about: the state needs it. */
  fold(index: number, record: WalRecord): void {
    const entry = this.#read(index, record);
    if (!('where' in entry)) this.#parts.state.apply(entry);
  }

  /** An entry of the range that was taken. */
  async settle(index: number, record: WalRecord): Promise<void> {
    const { k } = peekLeaf(record.leaf);
    const isDecision = k === 'accept' || k === 'reject';
    const entry = this.#read(index, record);
    const replayed = this.#entries.get(index) ?? null;
    const told = replayed?.outcome === 'differs' ? [...replayed.differences] : [];
    let outcome: Outcome = 'differing';
    if ('where' in entry) told.push(...(told.length === 0 ? [entry] : []));
    else {
      if (isDecision && told.length === 0) outcome = await this.#outcomeOf(entry, replayed, told);
      const fault = this.#parts.state.apply(entry);
      if (fault !== null) told.push(fault);
    }
    if (told.length > 0) this.#parts.tell(index, told);
    if (isDecision) this.counts.decisions += 1;
    if (told.length > 0) this.counts.differing += 1;
    else if (isDecision) this.counts[outcome] += 1;
  }

  #read(index: number, record: WalRecord): JournalEntry | Difference {
    try {
      const entry = readJournalEntry(this.#parts.source.vault, index, record);
      const isLost = KEPT.has(entry.leaf.k) && entry.swept === null && entry.erased === null;
      return isLost ? { where: 'sealed event', expected: 'what was done', got: 'none' } : entry;
    } catch (error) {
      if (!(error instanceof Refusal) || error instanceof Unavailable) throw error;
      return { where: 'sealed event', expected: 'what opens', got: error.detail ?? error.reason };
    }
  }

  async #outcomeOf(entry: JournalEntry, replayed: ReplayedEntry | null, told: Difference[]): Promise<Outcome> {
    if (replayed !== null && replayed.outcome !== 'ruled' && replayed.outcome !== 'differs') return replayed.outcome;
    const { index, leaf } = entry;
    // Erased between what was judged and this.
    if (leaf.k === 'accept' && entry.sealed === null) return 'erased';
    const terms = await this.#termsAt(index);
    const ruled = replayed?.outcome === 'ruled' ? replayed.ruled : ruledOf(entry, terms.verifier.versions);
    // The pipeline refused: the state has no part in it.
    if (ruled === null) return 'equal';
    const said = replayed?.outcome === 'ruled' ? replayed.why : 'OK';
    const { state } = this.#parts;
    const ruling = state.rule(entry, ruled, terms);
    const got = wordOf(ruling);
    if (got === said) return 'equal';
    const cause = await this.#causeOf({ index, id: state.idOf(ruled.event.sii), said, got });
    if (cause !== null) {
      this.causes[cause] += 1;
      return 'unsettled';
    }
    told.push({ where: ruling.outcome === 'refused' ? ruling.step : 'check-order', expected: said, got });
    return 'differing';
  }

  async #termsAt(index: number): Promise<EventTerms> {
    let last: Versions | null = null;
    for (let next = this.#under[this.#next]; next !== undefined && next.from <= index; next = this.#under[this.#next]) {
      last = next.versions;
      this.#next += 1;
    }
    if (last !== null) this.#terms = await this.#parts.terms.of(last);
    if (this.#terms === null) throw new Error(`nothing says what entry ${index} was judged under`);
    return this.#terms;
  }

  /** The log is read for erasures once, and only where a ruling comes out otherwise. */
  async #causeOf(other: Omit<OtherRuling, 'gone'>): Promise<UnsettledCause | null> {
    const { state, source } = this.#parts;
    if (state.gone === 0) return null;
    this.#erasures ??= await erasuresOf(source);
    return unsettledBy({ ...other, gone: state.gone }, this.#erasures);
  }
}

/** Kinds whose keys nothing destroys. */
const KEPT = new Set<string>(['revoke', 'expire', 'erase']);

/** As the sequencer was given it: that what is sealed follows from the evidence has been shown. */
const ruledOf = ({ sealed }: JournalEntry, versions: Versions): Ruled | null => {
  if (sealed === null) return null;
  const { event, spent } = sealed;
  if (event.type === 'withdraw-by-connection') return { event, spent };
  return { event: { ...event, judgedUnder: { ...event.judgedUnder, ...versions } }, spent };
};
