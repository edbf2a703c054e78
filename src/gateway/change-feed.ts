/** What one caller is told, in order. */
export interface Change {
  /** For resumption. */
  readonly id: string;
  /** Null: everything that is held is to be dropped. */
  readonly sii: string | null;
}

/** One reader's view of a feed of events, from where it begins. */
export interface FeedReader<T> {
  /** Where it stands: resuming from here loses nothing. Null while a reset is due. */
  readonly id: string | null;
  /** The next events, at most so many; none: wait to be woken. */
  take(most: number): readonly T[];
  close(): void;
}

/** One caller's view of its changes. */
export type ChangeReader = FeedReader<Change>;

interface Told {
  readonly sii: string;
  /** ms on the clock that never steps. */
  readonly until: number;
}

const ID = /^(\d{1,15})-(\d{1,15})$/;

/** The changes of one caller that are kept, numbered from 1 without gaps. What goes, goes from the front. */
export class ChangeFeed {
  readonly #epoch: number;
  readonly #wakes = new Set<() => void>();
  #kept: Told[] = [];
  /** Of `kept`, these are gone. */
  #head = 0;
  /** Number of the last that is gone. */
  #gone = 0;

  constructor(epoch: number) {
    this.#epoch = epoch;
  }

  get #last(): number {
    return this.#gone + this.#kept.length - this.#head;
  }

  push(sii: string, until: number): void {
    this.#kept.push({ sii, until });
    for (const wake of this.#wakes) wake();
  }

  /** Drops what need not be kept at `now`; the number of those. */
  drop(now: number): number {
    let dropped = 0;
    for (let first = this.#kept[this.#head]; first !== undefined && first.until <= now; first = this.#kept[this.#head]) {
      this.#head += 1;
      dropped += 1;
    }
    this.#gone += dropped;
    if (this.#head > this.#kept.length / 2) {
      this.#kept = this.#kept.slice(this.#head);
      this.#head = 0;
    }
    return dropped;
  }

  /**
   * Reads on from `after`, an id of this feed; null: all that is kept. An id that is gone, or was never given out, begins with a reset, and so
   * does `null` where `unsure`. `wake` is called whenever something comes.
   */
  read(after: string | null, unsure: boolean, wake: () => void): ChangeReader & { readonly isReset: boolean } {
    const known = after === null ? this.#gone : this.#numberOf(after);
    const isReset = known === null || (after === null && unsure);
    let at = isReset ? this.#last : known;
    let resetDue = isReset;
    const next = (most: number): Change[] => {
      if (at < this.#gone) {
        // It has read too slowly: what it missed is gone.
        at = this.#last;
        resetDue = true;
      }
      const changes: Change[] = resetDue ? [{ id: this.#id(at), sii: null }] : [];
      resetDue = false;
      const from = this.#head + at - this.#gone;
      for (const { sii } of this.#kept.slice(from, from + most - changes.length)) {
        at += 1;
        changes.push({ id: this.#id(at), sii });
      }
      return changes;
    };
    this.#wakes.add(wake);
    const idOf = (number: number): string => this.#id(number);
    return {
      isReset,
      get id() {
        return resetDue ? null : idOf(at);
      },
      take: next,
      close: () => void this.#wakes.delete(wake),
    };
  }

  #id(number: number): string {
    return `${this.#epoch}-${number}`;
  }

  #numberOf(id: string): number | null {
    const [, epoch, number] = ID.exec(id) ?? [];
    if (Number(epoch) !== this.#epoch) return null;
    return Number(number) >= this.#gone && Number(number) <= this.#last ? Number(number) : null;
  }
}
