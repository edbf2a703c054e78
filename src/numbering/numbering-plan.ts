import { createHash } from 'node:crypto';
import type { NumberingRow } from './row.js';

/** Who answers for a number. `unusable`: the data contradict themselves for this number, so nobody can be believed. */
export type Holder =
  | { readonly status: 'held'; readonly spc: string; readonly since: number | null; readonly row: NumberingRow }
  | { readonly status: 'nobody' }
  | { readonly status: 'unusable' };

const NOBODY: Holder = { status: 'nobody' };
const UNUSABLE: Holder = { status: 'unusable' };

/** Disjoint stretches of numbers of one length, ascending; each with the rows over it, the latest validFrom first. */
interface Stretches {
  readonly starts: number[];
  readonly rows: (readonly NumberingRow[])[];
}

/**
 * Which provider holds which number, by numbering data alone (ports are events of the log, and the caller's to add).
 * Of rows over one number the latest validFrom that has come wins; two providers with the same one, or a row that runs past the last number
 * of its length, make the number unusable (standards: profiles, "Authority").
 */
export class NumberingPlan {
  /** Lower-case hex SHA-256 over the rows, in no order. */
  readonly version: string;
  readonly size: number;
  readonly #spcs: ReadonlySet<string>;
  readonly #byLength = new Map<number, Stretches>();

  constructor(rows: readonly NumberingRow[]) {
    this.size = rows.length;
    this.#spcs = new Set(rows.map((row) => row.spc));
    const texts = rows.map((row) => `${row.spc},${row.start},${row.count},${row.validFrom ?? ''}\n`).sort();
    this.version = createHash('sha256').update(texts.join('')).digest('hex');
    const byLength = new Map<number, NumberingRow[]>();
    for (const row of rows) {
      const list = byLength.get(row.start.length);
      if (list === undefined) byLength.set(row.start.length, [row]);
      else list.push(row);
    }
    for (const [length, list] of byLength) this.#byLength.set(length, stretchesOf(list));
  }

  /** Whether any row, of whatever time, names this provider. */
  knows(spc: string): boolean {
    return this.#spcs.has(spc);
  }

  /** Who holds the number at a time in milliseconds. `tn` is digits, country code first. */
  holderOf(tn: string, at: number): Holder {
    const stretches = this.#byLength.get(tn.length);
    if (stretches === undefined) return NOBODY;
    const rows = stretches.rows[lastAtMost(stretches.starts, Number(tn))];
    return rows === undefined ? NOBODY : judge(rows, at);
  }
}

const judge = (rows: readonly NumberingRow[], at: number): Holder => {
  let holder: NumberingRow | null = null;
  for (const row of rows) {
    if (row.validFrom !== null && row.validFrom > at) continue;
    if (overflows(row)) return UNUSABLE;
    if (holder === null) holder = row;
    else if (row.validFrom === holder.validFrom && row.spc !== holder.spc) return UNUSABLE;
  }
  return holder === null ? NOBODY : { status: 'held', spc: holder.spc, since: holder.validFrom, row: holder };
};

/** RFC 8226 section 9: a range never grows a number's length. The last number of a length may be held; beyond it there is none. */
const overflows = (row: NumberingRow): boolean => Number(row.start) + row.count > 10 ** row.start.length;

const endOf = (row: NumberingRow): number => Math.min(Number(row.start) + row.count, 10 ** row.start.length);

/** A sweep over the rows' ends: between two of them the same rows hold. */
const stretchesOf = (rows: readonly NumberingRow[]): Stretches => {
  const ends = rows.flatMap((row) => [
    { at: Number(row.start), row, opens: true },
    { at: endOf(row), row, opens: false },
  ]);
  ends.sort((a, b) => a.at - b.at);
  const open = new Set<NumberingRow>();
  const stretches: Stretches = { starts: [], rows: [] };
  for (let i = 0; i < ends.length; i += 1) {
    const end = ends[i];
    if (end === undefined) continue;
    if (end.opens) open.add(end.row);
    else open.delete(end.row);
    if (ends[i + 1]?.at === end.at) continue;
    stretches.starts.push(end.at);
    stretches.rows.push([...open].sort(byLatest));
  }
  return stretches;
};

const byLatest = (a: NumberingRow, b: NumberingRow): number =>
  (b.validFrom ?? Number.NEGATIVE_INFINITY) === (a.validFrom ?? Number.NEGATIVE_INFINITY)
    ? 0
    : (b.validFrom ?? Number.NEGATIVE_INFINITY) - (a.validFrom ?? Number.NEGATIVE_INFINITY);

/** Index of the last start that is not above the number; -1 when there is none. */
const lastAtMost = (starts: readonly number[], number: number): number => {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] ?? 0) <= number) low = middle + 1;
    else high = middle;
  }
  return low - 1;
};
