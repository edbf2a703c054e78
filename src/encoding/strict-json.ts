/**
 * Strict JSON (RFC 8259): the gate before JSON.parse. The input is controlled by strangers.
 * JSON.parse keeps the last of two equal members, so a signer and a verifier could read two different documents (RFC 7515 section 10.12).
 */

export type JsonValue = null | boolean | number | string | JsonValue[] | { [member: string]: JsonValue };
export type JsonObject = { [member: string]: JsonValue };

export type JsonFault = 'malformed' | 'duplicate-member' | 'too-deep';

export class JsonError extends Error {
  readonly fault: JsonFault;
  constructor(fault: JsonFault) {
    super(`JSON: ${fault}`);
    this.fault = fault;
  }
}

/** DESIGN section 11. */
export const MAX_JSON_DEPTH = 8;

/** More values than any line of the protocols has (a megabyte of numbering rows has about 70,000): bounds the work on a megabyte of brackets. */
const MAX_VALUES = 200_000;
/** An object costs a microsecond to make, ten times what a number does; the rows of numbering are objects. */
const MAX_OBJECTS = 20_000;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Parses octets or text as strict JSON: UTF-8 without BOM, no member twice at any depth, bounded depth, no lone surrogates.
 * Objects come back without a prototype, so that "__proto__" is a member like any other.
 * @throws JsonError
 */
export const parseStrictJson = (input: Uint8Array | string, maxDepth = MAX_JSON_DEPTH): JsonValue => {
  let text: string;
  if (typeof input === 'string') {
    text = input;
  } else {
    try {
      text = utf8.decode(input);
    } catch {
      throw new JsonError('malformed');
    }
  }
  const parser = new Parser(text, maxDepth);
  return parser.document();
};

const LONE_SURROGATE = /\p{Surrogate}/u;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const PLAIN_STRING = /"([^"\\\u0000-\u001f]*)"/y;
const ANY_STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

class Parser {
  readonly #text: string;
  readonly #maxDepth: number;
  #at = 0;
  #values = 0;
  #objects = 0;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
  }

  document(): JsonValue {
    const value = this.#value(0);
    this.#space();
    if (this.#at !== this.#text.length) throw new JsonError('malformed');
    return value;
  }

  #space(): void {
    for (;;) {
      const c = this.#text.charCodeAt(this.#at);
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return;
      this.#at += 1;
    }
  }

  #value(depth: number): JsonValue {
    this.#values += 1;
    if (this.#values > MAX_VALUES) throw new JsonError('malformed');
    this.#space();
    switch (this.#text[this.#at] ?? '') {
      case '{':
        return this.#object(depth + 1);
      case '[':
        return this.#array(depth + 1);
      case '"':
        return this.#string();
      case 't':
        return this.#literal('true', true);
      case 'f':
        return this.#literal('false', false);
      case 'n':
        return this.#literal('null', null);
      default:
        return this.#number();
    }
  }

  #object(depth: number): JsonValue {
    this.#objects += 1;
    if (this.#objects > MAX_OBJECTS) throw new JsonError('malformed');
    if (depth > this.#maxDepth) throw new JsonError('too-deep');
    const object = Object.create(null) as JsonObject;
    this.#at += 1;
    this.#space();
    if (this.#text[this.#at] === '}') {
      this.#at += 1;
      return object;
    }
    for (;;) {
      this.#space();
      if (this.#text[this.#at] !== '"') throw new JsonError('malformed');
      const name = this.#string();
      if (name in object) throw new JsonError('duplicate-member');
      this.#space();
      if (this.#text[this.#at] !== ':') throw new JsonError('malformed');
      this.#at += 1;
      object[name] = this.#value(depth);
      if (this.#more('}')) return object;
    }
  }

  #array(depth: number): JsonValue {
    if (depth > this.#maxDepth) throw new JsonError('too-deep');
    const array: JsonValue[] = [];
    this.#at += 1;
    this.#space();
    if (this.#text[this.#at] === ']') {
      this.#at += 1;
      return array;
    }
    for (;;) {
      array.push(this.#value(depth));
      if (this.#more(']')) return array;
    }
  }

  #more(close: string): boolean {
    this.#space();
    const c = this.#text[this.#at];
    this.#at += 1;
    if (c === ',') return false;
    if (c === close) return true;
    throw new JsonError('malformed');
  }

  #string(): string {
    PLAIN_STRING.lastIndex = this.#at;
    const plain = PLAIN_STRING.exec(this.#text);
    if (plain !== null) {
      this.#at = PLAIN_STRING.lastIndex;
      const value = plain[1] as string;
      if (LONE_SURROGATE.test(value)) throw new JsonError('malformed');
      return value;
    }
    ANY_STRING.lastIndex = this.#at;
    const escaped = ANY_STRING.exec(this.#text);
    if (escaped === null) throw new JsonError('malformed');
    this.#at = ANY_STRING.lastIndex;
    const value = JSON.parse(escaped[0]) as string;
    if (LONE_SURROGATE.test(value)) throw new JsonError('malformed');
    return value;
  }

  #number(): number {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text);
    if (match === null) throw new JsonError('malformed');
    this.#at = NUMBER.lastIndex;
    const value = Number(match[0]);
    if (!Number.isFinite(value)) throw new JsonError('malformed');
    return value;
  }

  #literal<T extends JsonValue>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw new JsonError('malformed');
    this.#at += word.length;
    return value;
  }
}
