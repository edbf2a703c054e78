import { SeenBefore, type JsonObject } from '../encoding/index.js';
import type { PassportHeader } from './header.js';
import { X5cEntries } from './x5c-entries.js';

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
/** Honest headers have some three thousand octets; headers of 16 KiB, which nothing need be true of, must not fill the memory by their number. */
const MAX_OCTETS = 64 * 1024 * 1024;

/**
 * Parsed headers under their base64url text: an AP signs thousands of PASSporTs under one header. Looked up by a sample of the text, since
 * hashing three kilobytes costs more than all else that a known header needs, then compared whole. Bounded; the oldest goes first.
 * Holds only what follows from the text itself, so an entry can never be stale.
 */
export class HeaderCache {
  readonly entries = new X5cEntries();
  readonly #entries = new Map<string, Entry[]>();
  readonly #limit: number;
  readonly #maxOctets: number;
  readonly #seen = new SeenBefore();
  #octets = 0;

  constructor(limit = 16_384, maxOctets = MAX_OCTETS) {
    this.#limit = limit;
    this.#maxOctets = maxOctets;
  }

  /** Octets of the headers that are kept. */
  get octets(): number {
    return this.#octets;
  }

  get(text: string): ParsedHeader | undefined {
    const same = this.#entries.get(text.slice(...SAMPLE));
    return same?.find((entry) => entry.text === text)?.header;
  }

  /** Keeps what comes the second time. */
  set(text: string, header: ParsedHeader): void {
    const sample = copyOf(text.slice(...SAMPLE));
    if (!this.#seen.has(sample)) return;
    const same = this.#entries.get(sample) ?? [];
    same.push({ text: copyOf(text), header });
    this.#octets += text.length;
    if (same.length > MAX_SAME) this.#octets -= same.shift()?.text.length ?? 0;
    this.#entries.set(sample, same);
    this.#makeRoom();
  }

  #makeRoom(): void {
    for (const [sample, same] of this.#entries) {
      if (this.#entries.size <= this.#limit && this.#octets <= this.#maxOctets) return;
      this.#entries.delete(sample);
      for (const { text } of same) this.#octets -= text.length;
    }
  }
}

/** A sliced string would keep the whole PASSporT in memory. */
const copyOf = (text: string): string => Buffer.from(text, 'latin1').toString('latin1');
