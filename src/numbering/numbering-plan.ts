import { createHash } from 'node:crypto';
import { digitsOf, firstKeyOf, keyOf } from './number-key.js';
import { NumberingTable, type RowVisitor } from './numbering-table.js';
import type { NumberingRow } from './row.js';
import { isSilent, linesOfSilence, type Silence } from './scope.js';

/** Who answers for a number. `unusable`: the data contradict themselves for this number, or who should say is silent, so nobody can be believed. */
export type Holder =
  | { readonly status: 'held'; readonly spc: string; readonly since: number | null; readonly row: NumberingRow }
  | { readonly status: 'nobody' }
  | { readonly status: 'unusable' };

const NOBODY: Holder = { status: 'nobody' };
const UNUSABLE: Holder = { status: 'unusable' };

/**
 * Which provider holds which number, by numbering data alone (ports are events of the log, and the caller's to add).
 * Of rows over one number the latest validFrom that has come wins, whatever table it is from; two providers with the same one, or a row that runs past
 * the last number of its length, make the number unusable (standards: profiles, "Authority").
 */
export class NumberingPlan {
  readonly size: number;
  readonly #tables: readonly NumberingTable[];
  readonly #silence: Silence | null;
  #version: string | null = null;

  /** @param silence of feeds that are not in force: what else is known of their numbers may be what they have overruled */
  constructor(tables: readonly NumberingTable[], silence: Silence | null = null) {
    this.#silence = silence;
    this.#tables = tables.filter(({ size }) => size > 0);
    this.size = tables.reduce((sum, { size }) => sum + size, 0);
  }

  static of(rows: readonly NumberingRow[]): NumberingPlan {
    return new NumberingPlan([NumberingTable.of(rows)]);
  }

  /** Lower-case hex SHA-256 over the digests of the tables, in no order: of `document`. */
  get version(): string {
    this.#version ??= createHash('sha256').update(this.document).digest('hex');
    return this.#version;
  }

  /** The digests of the tables, and the calling codes of feeds where one of them is silent: a line each, in order (docs/log-format.md). */
  get document(): string {
    const lines = [...this.#tables.map(({ digest }) => digest), ...linesOfSilence(this.#silence)];
    return lines
      .sort()
      .map((line) => `${line}\n`)
      .join('');
  }

  get tables(): readonly NumberingTable[] {
    return this.#tables;
  }

  /** Whether any row, of whatever time, names this provider. */
  knows(spc: string): boolean {
    return this.#tables.some((table) => table.knows(spc));
  }

  /** Whether every one of the `count` numbers from `start` on is held by this provider at a time in milliseconds. */
  holdsAll(spc: string, { start, count }: Pick<NumberingRow, 'start' | 'count'>, at: number): boolean {
    const from = keyOf(start);
    const until = from + count;
    if (until > 2 * firstKeyOf(start.length)) return false;
    const isHeld = (key: number): boolean => {
      const holder = this.#holderOf(key, start.length, at);
      return holder.status === 'held' && holder.spc === spc;
    };
    if (!isHeld(from)) return false;
    // Between two edges the same rows hold.
    for (const table of this.#tables) for (const edge of table.edges(from, until)) if (edge < until && !isHeld(edge)) return false;
    return true;
  }

  /** Who holds the number at a time in milliseconds. `tn` is digits, country code first. */
  holderOf(tn: string, at: number): Holder {
    if (this.#silence !== null && isSilent(this.#silence, tn)) return UNUSABLE;
    return this.#holderOf(keyOf(tn), tn.length, at);
  }

  #holderOf(key: number, length: number, at: number): Holder {
    const claim = new Claim(length, at);
    for (const table of this.#tables) table.visit(key, claim);
    return claim.holder;
  }
}

/** What the rows over one number come to. */
class Claim implements RowVisitor {
  readonly #first: number;
  readonly #at: number;
  #spc: string | null = null;
  #start = 0;
  #count = 0;
  #since = -Infinity;
  #isContested = false;
  #overflows = false;

  constructor(length: number, at: number) {
    this.#first = firstKeyOf(length);
    this.#at = at;
  }

  add(spc: string, start: number, count: number, since: number): void {
    // A row of shorter numbers that runs past their last says nothing of longer ones.
    if (since > this.#at || start < this.#first) return;
    // RFC 8226 section 9: a range never grows a number's length. The last number of a length may be held; beyond it there is none.
    if (start + count > 2 * this.#first) this.#overflows = true;
    const isLater = this.#spc === null || since > this.#since;
    if (!isLater && since < this.#since) return;
    this.#isContested = !isLater && (this.#isContested || spc !== this.#spc);
    // Of one provider's the first row, the shortest of those: whatever order they came in, the evidence is the same.
    if (!isLater && (start > this.#start || (start === this.#start && count >= this.#count))) return;
    this.#spc = spc;
    this.#start = start;
    this.#count = count;
    this.#since = since;
  }

  get holder(): Holder {
    if (this.#spc === null) return NOBODY;
    if (this.#isContested || this.#overflows) return UNUSABLE;
    return new Held(this.#spc, this.#since === -Infinity ? null : this.#since, this.#start, this.#count);
  }
}

/** A class: an object with a getter of its own takes longer to make than the number takes to find. */
class Held {
  readonly status = 'held';
  readonly spc: string;
  readonly since: number | null;
  readonly #start: number;
  readonly #count: number;

  constructor(spc: string, since: number | null, start: number, count: number) {
    this.spc = spc;
    this.since = since;
    this.#start = start;
    this.#count = count;
  }

  /** Made when it is asked for: the digits take longer than the look-up. */
  get row(): NumberingRow {
    return { spc: this.spc, start: digitsOf(this.#start), count: this.#count, validFrom: this.since };
  }
}
