import { Tally } from './counts.js';
import type { Leaf } from './leaf.js';

/** What the table, the filter and the counts need of an entry. */
export interface Row {
  readonly index: number;
  /** ms */
  readonly time: number | null;
  readonly kind: string;
  readonly action: string | null;
  readonly ap: string | null;
  /** SPC or domain of who signed. */
  readonly provider: string | null;
  readonly why: string;
  readonly passport: string | null;
}

/** The rows of the entries that were read and proven so far. Names are kept once: 100,000 entries share a few hundred. */
export class Rows {
  readonly #names = new Map<string, string>();
  readonly #rows: (Row | undefined)[] = [];
  readonly tally = new Tally();
  #count = 0;

  /** How many were read. */
  get count(): number {
    return this.#count;
  }

  at(index: number): Row | undefined {
    return this.#rows[index];
  }

  add(index: number, leaf: Leaf): void {
    if (this.#rows[index] !== undefined) return;
    this.#count += 1;
    const row = {
      index,
      time: leaf.time,
      kind: this.#name(leaf.kind),
      action: this.#nameOrNull(leaf.action),
      ap: this.#nameOrNull(leaf.ap),
      provider: this.#nameOrNull(leaf.signer?.spc ?? leaf.signer?.dom ?? null),
      why: this.#name(leaf.why),
      passport: leaf.passport,
    };
    this.#rows[index] = row;
    this.tally.add(row);
  }

  /** Newest first. */
  *all(): Generator<Row> {
    for (let index = this.#rows.length - 1; index >= 0; index -= 1) {
      const row = this.#rows[index];
      if (row !== undefined) yield row;
    }
  }

  #name(text: string): string {
    const known = this.#names.get(text);
    if (known === undefined) this.#names.set(text, text);
    return known ?? text;
  }

  #nameOrNull(text: string | null): string | null {
    return text === null ? null : this.#name(text);
  }
}
