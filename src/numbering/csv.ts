import { isSpc } from '../identifiers/index.js';
import { parseInstant } from './instant.js';
import { firstKeyOf } from './number-key.js';
import { NumberingTable, TableBuilder } from './numbering-table.js';

const HEADER = 'spc,start,count,validFrom';
/** ITU-T E.164: at most 15 digits. */
const MAX_START = 15;
const MAX_COUNT = 16;
/** Longer than any row that holds: bounds what is kept of a file that is no CSV. */
const MAX_LINE = 256;
/** Who mends a file needs the first of them; a wrong column makes a problem of every line. */
const MAX_PROBLEMS = 24;
const [LF, CR, COMMA, ZERO] = [0x0a, 0x0d, 0x2c, 0x30] as const;

export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Reads numbering data as they come, octets in pieces of any size: the header, then one row a line. Whoever wrote the file controls every octet. The first
 * problems are reported at once, by line. A row that overflows its digits, and two providers over one number, are no problems of the file: they make those
 * numbers unusable.
 */
export class NumberingReader {
  readonly #name: string;
  readonly #builder: TableBuilder;
  readonly #line = Buffer.alloc(MAX_LINE + 1);
  #length = 0;
  #lines = 0;
  readonly #problems: string[] = [];
  #more = 0;
  readonly #words = new Map<number, number>();
  readonly #days = new Map<number, number | null>();

  /**
   * @param name the file's, for problems
   * @param builder of the table that the rows go to: it may have those of other files
   */
  constructor(name = 'numbering.csv', builder = new TableBuilder()) {
    this.#name = name;
    this.#builder = builder;
  }

  read(piece: Uint8Array): void {
    const octets = bufferOf(piece);
    for (let from = 0; from < octets.length;) {
      const end = octets.indexOf(LF, from);
      if (end < 0) return this.#keep(octets.subarray(from));
      if (this.#length === 0) this.#take(octets, from, end);
      else {
        this.#keep(octets.subarray(from, end));
        this.#takeKept();
      }
      from = end + 1;
    }
  }

  /** How many rows the file has, once all of it was read. */
  end(): Read<number> {
    if (this.#length > 0 || this.#lines === 0) this.#takeKept();
    if (this.#problems.length === 0) return { ok: true, value: this.#lines - 1 };
    const more = this.#more === 0 ? [] : [`${this.#name}: and ${this.#more} more lines`];
    return { ok: false, problems: [...this.#problems, ...more] };
  }

  #keep(octets: Uint8Array): void {
    const kept = octets.subarray(0, this.#line.length - this.#length);
    this.#line.set(kept, this.#length);
    this.#length += kept.length;
  }

  #takeKept(): void {
    const length = this.#length;
    this.#length = 0;
    this.#take(this.#line, 0, length);
  }

  #take(octets: Buffer, from: number, end: number): void {
    this.#lines += 1;
    const to = end > from && octets[end - 1] === CR ? end - 1 : end;
    if (this.#lines === 1) {
      if (octets.toString('latin1', from, to) !== HEADER) this.#add(`the header must be ${HEADER}`);
      return;
    }
    const problem = to - from > MAX_LINE ? 'is longer than any row' : this.#row(octets, from, to);
    if (problem !== null) this.#add(problem);
  }

  #add(problem: string): void {
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push(`${this.#name}: line ${this.#lines}: ${problem}`);
    else this.#more += 1;
  }

  #row(octets: Buffer, from: number, to: number): string | null {
    const first = commaIn(octets, from, to);
    const second = first < 0 ? -1 : commaIn(octets, first + 1, to);
    const third = second < 0 ? -1 : commaIn(octets, second + 1, to);
    if (third < 0 || commaIn(octets, third + 1, to) >= 0) return 'four fields are needed';
    const name = this.#spcOf(octets, from, first);
    const start = digitsIn(octets, first + 1, second, MAX_START);
    const count = digitsIn(octets, second + 1, third, MAX_COUNT);
    const since = third + 1 === to ? -Infinity : this.#instantOf(octets, third + 1, to);
    if (name >= 0 && start > 0 && count > 0 && since !== null) {
      this.#builder.add(start + firstKeyOf(second - first - 1), count, since, name);
      return null;
    }
    return [
      name >= 0 ? '' : 'spc must be capital letters and digits',
      start > 0 ? '' : 'start must be 1 to 15 digits, country code first',
      count > 0 ? '' : 'count must be an integer of 1 or more',
      since !== null ? '' : 'validFrom must be empty or an ISO 8601 instant with an offset',
    ]
      .filter((problem) => problem !== '')
      .join('; ');
  }

  /** -1: it is none. */
  #spcOf(octets: Buffer, from: number, to: number): number {
    // Four characters are a word: no text is made of it.
    const word = to - from > 4 ? -1 : wordOf(octets, from, to);
    const known = word < 0 ? undefined : this.#words.get(word);
    if (known !== undefined) return known;
    const text = octets.toString('latin1', from, to);
    if (!isSpc(text)) return -1;
    const name = this.#builder.nameOf(text);
    if (word >= 0) this.#words.set(word, name);
    return name;
  }

  /** ms, or null. */
  #instantOf(octets: Buffer, from: number, to: number): number | null {
    const seconds = to - from === PLAIN_INSTANT ? secondsIn(octets, from) : -1;
    if (seconds < 0) return parseInstant(octets.toString('latin1', from, to));
    const date = digitsIn(octets, from, from + 4, 4) * 10_000 + twoDigits(octets, from + 5) * 100 + twoDigits(octets, from + 8);
    let day = this.#days.get(date);
    if (day === undefined) this.#days.set(date, (day = parseInstant(`${octets.toString('latin1', from, from + 10)}T00:00:00Z`)));
    return day === null ? null : day + seconds * 1000;
  }
}

/** Within the line: a search to the end of the octets would read all of them again for each line without one. -1: there is none. */
const commaIn = (octets: Buffer, from: number, to: number): number => {
  for (let i = from; i < to; i += 1) if (octets[i] === COMMA) return i;
  return -1;
};

const wordOf = (octets: Buffer, from: number, to: number): number => {
  let word = 0;
  for (let i = from; i < to; i += 1) word = word * 256 + (octets[i] ?? 0);
  return word;
};

/** Octets of `2026-11-24T12:00:00Z`, as most files have it: read without a text of each. */
const PLAIN_INSTANT = 20;

/** Seconds of the day; -1: not plain. The date's own digits are looked at, its dashes and days are not. */
const secondsIn = (octets: Buffer, from: number): number => {
  if (octets[from + 10] !== 0x54 || octets[from + 13] !== 0x3a || octets[from + 16] !== 0x3a || octets[from + 19] !== 0x5a) return -1;
  if (octets[from + 4] !== 0x2d || octets[from + 7] !== 0x2d || digitsIn(octets, from, from + 4, 4) === 0) return -1;
  const [month, day] = [twoDigits(octets, from + 5), twoDigits(octets, from + 8)];
  const [hour, minute, second] = [twoDigits(octets, from + 11), twoDigits(octets, from + 14), twoDigits(octets, from + 17)];
  if (month < 0 || day < 0 || hour < 0 || minute < 0 || second < 0 || hour > 23 || minute > 59 || second > 59) return -1;
  return (hour * 60 + minute) * 60 + second;
};

/** -1: they are none. */
const twoDigits = (octets: Buffer, at: number): number => {
  const [tens, ones] = [(octets[at] ?? 0) - ZERO, (octets[at + 1] ?? 0) - ZERO];
  return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1 : tens * 10 + ones;
};

const bufferOf = ({ buffer, byteOffset, length }: Uint8Array): Buffer => Buffer.from(buffer, byteOffset, length);

/** The number that digits without a leading zero spell; 0: they are none. */
const digitsIn = (octets: Uint8Array, from: number, to: number, most: number): number => {
  if (to - from > most || octets[from] === ZERO) return 0;
  let value = 0;
  for (let i = from; i < to; i += 1) {
    const digit = (octets[i] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return 0;
    value = value * 10 + digit;
  }
  return value;
};

/** A whole file at once. */
export const parseNumberingCsv = (octets: Uint8Array): Read<NumberingTable> => {
  const builder = new TableBuilder();
  const reader = new NumberingReader('numbering.csv', builder);
  reader.read(octets);
  const read = reader.end();
  return read.ok ? { ok: true, value: new NumberingTable(builder.columns()) } : read;
};
