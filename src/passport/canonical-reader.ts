import { MAX_JSON_DEPTH, type JsonObject, type JsonValue } from '../encoding/index.js';

/** With none of these a string ends at the next quotation mark and is what it spells. */
const PLAIN = /^[\x20-\x5b\x5d-\x7e]*$/;
const QUOTE = 0x22;
/** Fewer digits than 2^53 has: every such integer is exact. */
const MAX_DIGITS = 15;

/** Thrown and caught here alone: the text is not of the plain kind. */
const NOT_PLAIN = new Error('not plain');

/**
 * Reads JSON that is canonical already (RFC 8225 section 9) and plain: printable ASCII without escapes, members in ascending order, integers,
 * no literals. Null for anything else, which is not to say that it is malformed: the strict parser decides that. Nearly every PASSporT is
 * plain, and this costs a quarter of parsing, serialising again and comparing.
 */
export const readPlainCanonical = (text: string): JsonObject | null => {
  if (!text.startsWith('{') || !PLAIN.test(text)) return null;
  try {
    const reader = new Reader(text);
    const object = reader.object(1);
    return reader.at === text.length ? object : null;
  } catch (error) {
    if (error === NOT_PLAIN) return null;
    throw error;
  }
};

class Reader {
  readonly #text: string;
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  object(depth: number): JsonObject {
    const object: JsonObject = {};
    this.#open(depth);
    if (this.#take('}')) return object;
    let last: string | null = null;
    do {
      const name = this.#string();
      // Strictly ascending: sorted, and no member twice. "__proto__" would set the prototype.
      if ((last !== null && last >= name) || name === '__proto__') throw NOT_PLAIN;
      last = name;
      this.#expect(':');
      object[name] = this.#value(depth);
    } while (this.#take(','));
    this.#expect('}');
    return object;
  }

  #array(depth: number): JsonValue[] {
    const array: JsonValue[] = [];
    this.#open(depth);
    if (this.#take(']')) return array;
    do array.push(this.#value(depth));
    while (this.#take(','));
    this.#expect(']');
    return array;
  }

  #value(depth: number): JsonValue {
    switch (this.#text.charAt(this.at)) {
      case '"':
        return this.#string();
      case '{':
        return this.object(depth + 1);
      case '[':
        return this.#array(depth + 1);
      default:
        return this.#integer();
    }
  }

  #string(): string {
    if (this.#text.charCodeAt(this.at) !== QUOTE) throw NOT_PLAIN;
    const end = this.#text.indexOf('"', this.at + 1);
    if (end < 0) throw NOT_PLAIN;
    const value = this.#text.slice(this.at + 1, end);
    this.at = end + 1;
    return value;
  }

  /** Zero, or digits that begin with another; a minus sign, fraction or exponent is left to the strict parser. */
  #integer(): number {
    const start = this.at;
    let value = 0;
    for (;;) {
      const digit = this.#text.charCodeAt(this.at) - 0x30;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
      this.at += 1;
    }
    const digits = this.at - start;
    if (digits === 0 || digits > MAX_DIGITS || (digits > 1 && this.#text.charCodeAt(start) === 0x30)) throw NOT_PLAIN;
    return value;
  }

  #open(depth: number): void {
    if (depth > MAX_JSON_DEPTH) throw NOT_PLAIN;
    this.at += 1;
  }

  #take(character: string): boolean {
    if (this.#text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  #expect(character: string): void {
    if (!this.#take(character)) throw NOT_PLAIN;
  }
}
