import { SeenBefore, type JsonObject } from '../encoding/index.js';
import type { PassportHeader } from './header.js';

/** A header part that was parsed before, under its text. `checked` is filled once its members have passed. */
export interface ParsedHeader {
  readonly members: JsonObject;
  checked: PassportHeader | null;
}

interface Entry {
  readonly text: string;
  readonly header: ParsedHeader;
}

/** Where the serial number of x5c's end-entity stands in the text: it tells most headers apart. */
const SAMPLE = [64, 192] as const;
/** Headers that share a sample: honest ones do not, and others may only push each other out. */
const MAX_SAME = 4;

/**
 * Parsed headers under their base64url text: an AP signs thousands of PASSporTs under one header. Looked up by a sample of the text, since
 * hashing three kilobytes costs more than all else that a known header needs, then compared whole. Bounded; the oldest goes first.
 * Holds only what follows from the text itself, so an entry can never be stale.
 */
export class HeaderCache {
  readonly #entries = new Map<string, Entry[]>();
  readonly #limit: number;
  readonly #seen = new SeenBefore();

  constructor(limit = 16_384) {
    this.#limit = limit;
  }

  get(text: string): ParsedHeader | undefined {
    const same = this.#entries.get(text.slice(...SAMPLE));
    return same?.find((entry) => entry.text === text)?.header;
  }

  /** Keeps what comes the second time. */
  set(text: string, header: ParsedHeader): void {
    const sample = copyOf(text.slice(...SAMPLE));
    if (!this.#seen.has(sample)) return;
    const same = this.#entries.get(sample);
    if (same !== undefined) {
      if (same.length >= MAX_SAME) same.shift();
      same.push({ text: copyOf(text), header });
      return;
    }
    if (this.#entries.size >= this.#limit) {
      const oldest = this.#entries.keys().next();
      if (oldest.done !== true) this.#entries.delete(oldest.value);
    }
    this.#entries.set(sample, [{ text: copyOf(text), header }]);
  }
}

/** A sliced string would keep the whole PASSporT in memory. */
const copyOf = (text: string): string => Buffer.from(text, 'latin1').toString('latin1');
