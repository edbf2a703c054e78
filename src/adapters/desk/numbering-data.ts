import { readFileSync } from 'node:fs';
import { NumberingPlan, parseNumberingCsv } from '../../numbering/index.js';
import { refuse } from '../../reasons/index.js';
import type { DeskFiles } from './desk-files.js';
import { writePublic } from './pem-files.js';

const FILE = 'numbering.csv';

const read = (path: string): NumberingPlan => {
  const rows = parseNumberingCsv(readFileSync(path));
  // The problems at once, so that a file is mended once.
  if (!rows.ok) throw new Error(rows.problems.join('\n'));
  return new NumberingPlan([rows.value]);
};

/**
 * Checks a file of numbering data, of the form of `policies/numbering.csv`.
 * @throws Error when it cannot be read or is broken; Refusal `spc-unknown` when it gives the provider no number: that file is another's
 */
export const checkNumbering = (path: string, spc: string): NumberingPlan => {
  const plan = read(path);
  return plan.knows(spc) ? plan : refuse('spc-unknown', 'in the numbering data');
};

/** Puts a checked file in the place of the desk's numbering data. @throws as `checkNumbering`; Refusal `authority-type-mismatch` */
export const importNumbering = (files: DeskFiles, path: string): NumberingPlan => {
  const identity = files.identity();
  if (identity.kind !== 'np' || identity.spc === null) return refuse('authority-type-mismatch', 'a desk without an SPC');
  const plan = checkNumbering(path, identity.spc);
  writePublic(files.path(FILE), readFileSync(path, 'utf8'), files.disk);
  return plan;
};

/** The numbering data of a desk, read again only when the file changed. */
export class NumberingData {
  readonly #files: DeskFiles;
  #known: { readonly identity: string; readonly plan: NumberingPlan } | null = null;

  constructor(files: DeskFiles) {
    this.#files = files;
  }

  /** Null: the desk has none. @throws Error when the file is broken */
  plan(): NumberingPlan | null {
    const path = this.#files.path(FILE);
    const identity = this.#files.disk.stat(path)?.identity;
    if (identity === undefined) return null;
    if (this.#known?.identity !== identity) this.#known = { identity, plan: read(path) };
    return this.#known.plan;
  }
}
