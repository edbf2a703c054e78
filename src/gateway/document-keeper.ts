import type { DocumentStorage } from '../ports/index.js';
import type { Verifier } from '../verification/index.js';

/** Keeps what verdicts are made under. A verdict is committed only once all that it may have been made under is on the disk. */
export class DocumentKeeper {
  readonly #storage: DocumentStorage;
  #pending: Promise<unknown> | null = null;
  #last: Verifier | null = null;

  constructor(storage: DocumentStorage) {
    this.#storage = storage;
  }

  /** Before any verdict of this verifier is submitted. What fails is told by the next `flush`. */
  keep(verifier: Verifier): void {
    if (verifier === this.#last) return;
    this.#last = verifier;
    const pending = Promise.all([this.#pending, this.#storage.put(verifier.documents())]);
    this.#pending = pending;
    void this.#settle(pending);
  }

  async #settle(pending: Promise<unknown>): Promise<void> {
    try {
      await pending;
      if (this.#pending === pending) this.#pending = null;
    } catch {
      // It stays, and tells whoever flushes.
    }
  }

  /** Resolves when everything that was to be kept is durable; null: it is. Rejects for good once anything could not be kept. */
  flush(): Promise<unknown> | null {
    return this.#pending;
  }
}
