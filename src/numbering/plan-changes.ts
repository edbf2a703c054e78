import { digitsOf, firstKeyOf, keyOf } from './number-key.js';
import type { NumberingPlan } from './numbering-plan.js';
import type { NumberingTable } from './numbering-table.js';
import type { NumberingRow } from './row.js';

/** How many numbers a provider gains and loses from one plan to another. */
export interface HeldChange {
  readonly spc: string;
  readonly gained: number;
  readonly lost: number;
}

/** Keys: first, and first beyond. */
type Span = readonly [number, number];

/** What changes hands between two plans at a time in ms, by SPC in order. Where the rows are the same nothing is looked at. */
export const changesBetween = (before: NumberingPlan, after: NumberingPlan, at: number): HeldChange[] => {
  const gained = new Map<string, number>();
  const lost = new Map<string, number>();
  const count = (counts: Map<string, number>, spc: string | null, by: number): void => {
    if (spc !== null) counts.set(spc, (counts.get(spc) ?? 0) + by);
  };
  for (const span of merged(differingSpans(before.tables, after.tables)))
    for (const [from, until] of stretchesOf(span, [before, after])) {
      const [old, next] = [holderAt(before, from, at), holderAt(after, from, at)];
      if (old === next) continue;
      count(lost, old, until - from);
      count(gained, next, until - from);
    }
  return [...new Set([...gained.keys(), ...lost.keys()])]
    .sort()
    .map((spc) => ({ spc, gained: gained.get(spc) ?? 0, lost: lost.get(spc) ?? 0 }));
};

/** Null: nobody's, or nobody can be believed. */
const holderAt = (plan: NumberingPlan, key: number, at: number): string | null => {
  const holder = plan.holderOf(digitsOf(key), at);
  return holder.status === 'held' ? holder.spc : null;
};

/** Within one the same rows hold in both plans. */
const stretchesOf = ([from, until]: Span, plans: readonly NumberingPlan[]): Span[] => {
  const edges = new Set([from]);
  for (const plan of plans)
    for (const table of plan.tables) for (const edge of table.edges(from, until)) if (edge > from && edge < until) edges.add(edge);
  const ascending = [...edges].sort((a, b) => a - b);
  return ascending.map((edge, i) => [edge, ascending[i + 1] ?? until]);
};

const differingSpans = (before: readonly NumberingTable[], after: readonly NumberingTable[]): Span[] => {
  const only = (some: readonly NumberingTable[], others: readonly NumberingTable[]): NumberingTable[] =>
    some.filter(({ digest }) => others.every((other) => other.digest !== digest));
  const [old, next] = [only(before, after), only(after, before)];
  const [a, b] = [old[0], next[0]];
  const rows = old.length === 1 && next.length === 1 && a !== undefined && b !== undefined ? unlike(a, b) : rowsOf([...old, ...next]);
  return Array.from(rows, spanOf);
};

function* rowsOf(tables: readonly NumberingTable[]): Generator<NumberingRow> {
  for (const table of tables) yield* table.rows();
}

/** The rows that one table has and the other has not: both are in the same order. */
function* unlike(a: NumberingTable, b: NumberingTable): Generator<NumberingRow> {
  const [left, right] = [a.rows(), b.rows()];
  let [one, other] = [left.next(), right.next()];
  while (one.done !== true || other.done !== true) {
    const order = one.done === true ? 1 : other.done === true ? -1 : compare(one.value, other.value);
    if (order < 0 && one.done !== true) yield one.value;
    if (order > 0 && other.done !== true) yield other.value;
    if (order <= 0) one = left.next();
    if (order >= 0) other = right.next();
  }
}

const compare = (a: NumberingRow, b: NumberingRow): number =>
  Number(a.count !== 1) - Number(b.count !== 1) ||
  keyOf(a.start) - keyOf(b.start) ||
  a.count - b.count ||
  (a.validFrom === b.validFrom ? 0 : (a.validFrom ?? -Infinity) - (b.validFrom ?? -Infinity)) ||
  (a.spc < b.spc ? -1 : Number(a.spc > b.spc));

const spanOf = ({ start, count }: NumberingRow): Span => [keyOf(start), Math.min(keyOf(start) + count, 2 * firstKeyOf(start.length))];

/** The same numbers, each once. */
const merged = (spans: readonly Span[]): Span[] => {
  const found: [number, number][] = [];
  for (const [from, until] of spans.toSorted((a, b) => a[0] - b[0])) {
    const last = found.at(-1);
    if (last !== undefined && from <= last[1] && String(from).length === String(last[0]).length) last[1] = Math.max(last[1], until);
    else found.push([from, until]);
  }
  return found;
};
