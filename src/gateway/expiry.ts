import { setImmediate as turn } from 'node:timers/promises';
import type { Clock, MappingStore, SubjectId } from '../ports/index.js';
import { ranOut, unpackSubject } from '../registry/index.js';
import type { Sequencer } from './sequencer.js';

/** Subjects looked at in one go: some 2 ms. */
const SLICE = 256;
/** Subjects of one leaf: as many as one commit takes some 20 ms for, so that a lookup never waits long. */
const LEAF = 1024;

export interface ExpiryParts {
  readonly store: MappingStore;
  readonly sequencer: Pick<Sequencer, 'expire' | 'level'>;
  readonly clock: Clock;
}

/**
 * Takes what has run out from the store, and says so in the log (DESIGN section 7, expire). Nothing rests on it: every rule and every lookup passes over
 * what has run out. What another event of the same subject met first was dropped with it, without a leaf of its own.
 * A walk keeps no state: what one leaf had no room for, or came meanwhile, is found by the next.
 */
export class Expiry {
  readonly #parts: ExpiryParts;
  #stopped = false;
  #running: Promise<number> | null = null;

  constructor(parts: ExpiryParts) {
    this.#parts = parts;
  }

  /** One walk over the store, or the one that is under way; the number of mappings that it took. @throws Unavailable when store or log cannot be had */
  run(): Promise<number> {
    this.#running ??= this.#walk().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** Ends the walk at its next slice. */
  async stop(): Promise<void> {
    this.#stopped = true;
    // What failed was told to whoever began it.
    await this.#running?.catch(() => undefined);
  }

  async #walk(): Promise<number> {
    const { store, sequencer, clock } = this.#parts;
    await sequencer.level();
    const now = clock.now();
    let due: SubjectId[] = [];
    let looked = 0;
    let expired = 0;
    for await (const [id, packed] of store.entries()) {
      if (ranOut(unpackSubject(packed), now).length > 0) due.push(id);
      looked += 1;
      if (looked % SLICE === 0) await turn();
      if (this.#stopped) return expired;
      if (due.length < LEAF) continue;
      expired += await sequencer.expire({ kind: 'expiry', subjects: due });
      due = [];
    }
    return due.length === 0 ? expired : expired + (await sequencer.expire({ kind: 'expiry', subjects: due }));
  }
}
