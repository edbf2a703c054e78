import { subjectId } from '../identifiers/index.js';
import type { SubjectId } from '../ports/index.js';
import { Refusal } from '../reasons/index.js';
import type { Subject } from '../registry/index.js';
import { contextAt } from './decision.js';
import { foldEntry } from './fold.js';
import type { Difference } from './judged-again.js';
import { subjectsOf, type JournalEntry } from './journal.js';
import { ruleOn, type Ruled, type Ruling } from './ruling.js';
import { SpentPassports, signingMark, spentKeys } from './spent-passports.js';
import type { EventTerms } from './world.js';

/** The state of the log, entry by entry, and what the sequencer would have ruled at each. Needs every entry from the first on, in order. */
export class ReplayedState {
  readonly #pepper: Uint8Array;
  readonly #subjects = new Map<SubjectId, Subject>();
  readonly #spent = new SpentPassports();
  /** Slots of keys that accepted entries were sealed under, and that are gone. */
  readonly #gone = new Set<number>();
  #last: { readonly sii: string; readonly id: SubjectId } | null = null;

  constructor(pepper: Uint8Array) {
    this.#pepper = pepper;
  }

  /** Keys of accepted entries before that are gone: what depended on these cannot be ruled on again. */
  get gone(): number {
    return this.#gone.size;
  }

  /** An entry is ruled on, then folded. */
  idOf(sii: string): SubjectId {
    if (this.#last?.sii !== sii) this.#last = { sii, id: subjectId(this.#pepper, sii) };
    return this.#last.id;
  }

  /** The ruling on what `entry` decided; the state is that before it. */
  rule({ index, leaf }: Pick<JournalEntry, 'index' | 'leaf'>, ruled: Ruled, terms: EventTerms): Ruling {
    const subject = this.#subjects.get(this.idOf(ruled.event.sii)) ?? null;
    return ruleOn(ruled, subject, (key) => this.#spent.find(key), contextAt(terms, index, leaf.t, ruled.event.sii));
  }

  /** Takes in what the entry did, as a start does. */
  apply(entry: JournalEntry): Difference | null {
    if (entry.leaf.k === 'accept' && entry.sealed === null) this.#gone.add(entry.keySlot);
    this.#spent.purge(entry.leaf.t / 1000);
    this.#remember(entry);
    try {
      const { sealed } = entry;
      for (const id of sealed === null ? subjectsOf(entry, this.#pepper) : [this.idOf(sealed.event.sii)]) {
        const next = foldEntry(this.#subjects.get(id) ?? null, entry);
        if (next !== null) this.#subjects.set(id, next);
      }
      return null;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { where: 'fold', expected: 'an event that applies', got: error.detail ?? error.reason };
    }
  }

  #remember({ index, sealed }: JournalEntry): void {
    if (sealed === null || sealed.spent === null || sealed.event.type === 'withdraw-by-connection') return;
    const { event, spent } = sealed;
    const remembered = { index, signing: signingMark(spent.signingDigest), client: spent.client, exp: event.exp };
    for (const key of spentKeys(event.signer, event.jti, spent)) this.#spent.add(key, remembered);
  }
}

/** `OK`, the reason, or what else was ruled. */
export const wordOf = (ruling: Ruling): string =>
  ruling.outcome === 'applied' ? 'OK' : ruling.outcome === 'refused' ? ruling.reason : ruling.outcome;
