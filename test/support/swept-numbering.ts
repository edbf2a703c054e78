import type { Holder, NumberingRow } from '../../src/numbering/index.js';

const NOBODY: Holder = { status: 'nobody' };
const UNUSABLE: Holder = { status: 'unusable' };

/** What all rows of one validFrom say of a stretch of numbers. */
interface Layer {
  readonly validFrom: number | null;
  /** A row of the one provider; null where two have it. */
  readonly row: NumberingRow | null;
  /** One of its rows runs past the last number of its length. */
  readonly overflows: boolean;
}

/** Disjoint stretches of numbers of one length, ascending; each with the layers over it, the latest validFrom first. */
interface Stretches {
  readonly starts: number[];
  readonly layers: (readonly Layer[])[];
}

/** Who holds a number, by a sweep over the ends of all rows: slow and simple, the oracle of the plan that is in force. */
export class SweptPlan {
  readonly #spcs: ReadonlySet<string>;
  readonly #byLength = new Map<number, Stretches>();

  constructor(rows: readonly NumberingRow[]) {
    this.#spcs = new Set(rows.map((row) => row.spc));
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

  /** Whether every one of the `count` numbers from `start` on is held by this provider at a time in milliseconds. */
  holdsAll(spc: string, { start, count }: Pick<NumberingRow, 'start' | 'count'>, at: number): boolean {
    const stretches = this.#byLength.get(start.length);
    const first = Number(start);
    if (stretches === undefined || first + count > 10 ** start.length) return false;
    const index = lastAtMost(stretches.starts, first);
    for (let i = index; i < stretches.starts.length; i += 1) {
      if (i > index && (stretches.starts[i] ?? 0) >= first + count) break;
      const holder = judge(stretches.layers[i] ?? [], at);
      if (holder.status !== 'held' || holder.spc !== spc) return false;
    }
    return true;
  }

  /** Who holds the number at a time in milliseconds. `tn` is digits, country code first. */
  holderOf(tn: string, at: number): Holder {
    const stretches = this.#byLength.get(tn.length);
    if (stretches === undefined) return NOBODY;
    const layers = stretches.layers[lastAtMost(stretches.starts, Number(tn))];
    return layers === undefined ? NOBODY : judge(layers, at);
  }
}

const judge = (layers: readonly Layer[], at: number): Holder => {
  const effective = layers.filter(({ validFrom }) => validFrom === null || validFrom <= at);
  const [latest] = effective;
  if (latest === undefined) return NOBODY;
  if (latest.row === null || effective.some(({ overflows }) => overflows)) return UNUSABLE;
  return { status: 'held', spc: latest.row.spc, since: latest.validFrom, row: latest.row };
};

/** RFC 8226 section 9: a range never grows a number's length. The last number of a length may be held; beyond it there is none. */
const overflows = (row: NumberingRow): boolean => Number(row.start) + row.count > 10 ** row.start.length;

const endOf = (row: NumberingRow): number => Math.min(Number(row.start) + row.count, 10 ** row.start.length);

/** The rows of one validFrom that are over the place of the sweep. */
class OpenLayer {
  readonly validFrom: number | null;
  readonly #bySpc = new Map<string, Set<NumberingRow>>();
  #overflowing = 0;

  constructor(validFrom: number | null) {
    this.validFrom = validFrom;
  }

  get isEmpty(): boolean {
    return this.#bySpc.size === 0;
  }

  open(row: NumberingRow): void {
    const rows = this.#bySpc.get(row.spc);
    if (rows === undefined) this.#bySpc.set(row.spc, new Set([row]));
    else rows.add(row);
    if (overflows(row)) this.#overflowing += 1;
  }

  close(row: NumberingRow): void {
    const rows = this.#bySpc.get(row.spc);
    rows?.delete(row);
    if (rows?.size === 0) this.#bySpc.delete(row.spc);
    if (overflows(row)) this.#overflowing -= 1;
  }

  get layer(): Layer {
    const [rows = []] = this.#bySpc.size > 1 ? [] : this.#bySpc.values();
    const [row = null] = rows;
    return { validFrom: this.validFrom, row, overflows: this.#overflowing > 0 };
  }
}

/**
 * A sweep over the rows' ends: between two of them the same rows hold. Each stretch keeps one layer for each validFrom, not the rows, so that
 * rows which all overlap cost no more than rows apart.
 */
const stretchesOf = (rows: readonly NumberingRow[]): Stretches => {
  const ends = rows.flatMap((row) => [
    { at: Number(row.start), row, opens: true },
    { at: endOf(row), row, opens: false },
  ]);
  ends.sort((a, b) => a.at - b.at);
  const open = new Map<number | null, OpenLayer>();
  const stretches: Stretches = { starts: [], layers: [] };
  ends.forEach(({ at, row, opens }, i) => {
    const layer = open.get(row.validFrom) ?? new OpenLayer(row.validFrom);
    if (opens) layer.open(row);
    else layer.close(row);
    if (layer.isEmpty) open.delete(row.validFrom);
    else open.set(row.validFrom, layer);
    if (ends[i + 1]?.at === at) return;
    stretches.starts.push(at);
    stretches.layers.push([...open.values()].map((one) => one.layer).sort(byLatest));
  });
  return stretches;
};

const byLatest = (a: Layer, b: Layer): number => (b.validFrom ?? -Infinity) - (a.validFrom ?? -Infinity) || 0;

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
