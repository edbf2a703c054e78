import type { JsonObject } from '../encoding/index.js';
import type { PassportHeader } from './header.js';

/** A header part that was parsed before, under its text. `checked` is filled once its members have passed. */
export interface ParsedHeader {
  readonly members: JsonObject;
  checked: PassportHeader | null;
}

/**
 * Parsed headers under their base64url text: an AP signs thousands of PASSporTs under one header. Bounded; the oldest goes first.
 * Holds only what follows from the text itself, so an entry can never be stale.
 */
export class HeaderCache {
  readonly #entries = new Map<string, ParsedHeader>();
  readonly #limit: number;

  constructor(limit = 2048) {
    this.#limit = limit;
  }

  get(text: string): ParsedHeader | undefined {
    return this.#entries.get(text);
  }

  set(text: string, header: ParsedHeader): void {
    if (this.#entries.size >= this.#limit) {
      const oldest = this.#entries.keys().next();
      if (oldest.done !== true) this.#entries.delete(oldest.value);
    }
    this.#entries.set(text, header);
  }
}
