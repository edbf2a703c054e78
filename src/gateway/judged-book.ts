import type { ClassStanding, Fall } from '../verification/index.js';
import type { CredentialBook, CredentialEntry, CredentialId } from './credential-book.js';
import type { CredentialClasses } from './credential-classes.js';
import type { World } from './world.js';

/** What became of a credential: one thing for all that it registered, or to be asked for each mapping. */
export interface Judged {
  readonly fall: Fall | 'ask';
  /** The same for equal judgements: what was done for one need not be done again. */
  readonly key: string;
}

/** How classes stand in one world; each is judged once. */
export class Standings {
  readonly world: World;
  readonly #classes: CredentialClasses;
  readonly #at: number;
  readonly #known = new Map<number, ClassStanding>();
  readonly #judged = new Map<string, Judged>();
  /** Many in a row fall for the same. */
  #last: Judged | null = null;

  /** @param at ms */
  constructor(world: World, classes: CredentialClasses, at: number) {
    this.world = world;
    this.#classes = classes;
    this.#at = at;
  }

  /** @throws Refusal `log-corrupt` for a class that is not there */
  of(entry: CredentialEntry, sii?: string | null): Fall | 'ask' | null {
    return this.#standingOf(entry).of(entry.serial, sii);
  }

  /** Of a credential by all that the book says of it; null: it stands. */
  judge(entries: readonly CredentialEntry[]): Judged | null {
    const falls = entries.map((entry) => this.of(entry));
    if (falls.every((fall) => fall === null)) return null;
    const last = this.#last;
    if (last !== null && last.fall !== 'ask' && falls.length === 1 && falls[0] === last.fall) return last;
    const texts = falls.map((fall) => JSON.stringify(fall));
    const agree = texts.every((text) => text === texts[0]);
    const fall = agree ? (falls[0] ?? 'ask') : 'ask';
    const key = texts.join() + (fall === 'ask' ? this.#keyOfAsked(entries) : '');
    let judged = this.#judged.get(key);
    if (judged === undefined) this.#judged.set(key, (judged = { fall, key }));
    return (this.#last = judged);
  }

  /** What is asked for each mapping depends on all that the anchors may speak for, and on what CRLs and policy say besides. */
  #keyOfAsked(entries: readonly CredentialEntry[]): string {
    const besides = entries.map((entry) => this.#standingOf(entry).besides(entry.serial));
    return this.world.verifier.versions.trust + JSON.stringify(besides);
  }

  #standingOf({ class: number }: CredentialEntry): ClassStanding {
    let standing = this.#known.get(number);
    if (standing === undefined) this.#known.set(number, (standing = this.world.verifier.standingOf(this.#classes.of(number), this.#at)));
    return standing;
  }
}

/** Credentials that no longer stand and of which that was not dealt with yet. */
export type Fallen = ReadonlyMap<CredentialId, Judged>;

/** Judges every credential of the book. `pause` is awaited between shards; a few thousand credentials are judged in one go. */
export const judgeBook = async (book: CredentialBook, standings: Standings, pause: () => Promise<void>): Promise<Fallen> => {
  const fallen = new Map<CredentialId, Judged>();
  for (const shard of book.shards()) {
    for (const [id, entries] of shard) {
      const judged = standings.judge(entries);
      if (judged === null) book.unsettle(id);
      else if (!book.isSettled(id, judged.key)) fallen.set(id, judged);
    }
    if (shard.length > 0) await pause();
  }
  return fallen;
};
