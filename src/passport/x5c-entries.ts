import { SeenBefore, decodeBase64 } from '../encoding/index.js';

/** The CA certificates of 10,000 NPs, one and a half kilobytes each with their text. */
const MAX_ENTRIES = 10_000;
/** An entry that is longer is no certificate within budget (DESIGN section 11: 8 KiB), and not worth keeping. */
const MAX_TEXT = 11_000;

/**
 * Decoded entries of x5c under their text. One CA stands above thousands of end-entities, so its text comes again under ever new headers. Gives the
 * same octets each time, which nobody writes to. Bounded: the oldest goes first; what comes once is not kept.
 */
export class X5cEntries {
  readonly #entries = new Map<string, Buffer>();
  readonly #seen = new SeenBefore();

  /** Null when the text is not standard base64 (RFC 7515 section 4.1.6). */
  decode(text: string): Buffer | null {
    const known = this.#entries.get(text);
    if (known !== undefined) return known;
    const octets = decodeBase64(text);
    // The tail is signature: no two certificates share it.
    if (octets === null || text.length > MAX_TEXT || !this.#seen.has(text.slice(-48))) return octets;
    if (this.#entries.size >= MAX_ENTRIES) {
      const oldest = this.#entries.keys().next();
      if (oldest.done !== true) this.#entries.delete(oldest.value);
    }
    // A sliced string would keep the whole header in memory.
    this.#entries.set(Buffer.from(text, 'latin1').toString('latin1'), octets);
    return octets;
  }
}
