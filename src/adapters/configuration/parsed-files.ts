import type { NumberingTable } from '../../numbering/index.js';
import type { Certificate, Crl } from '../../x509/index.js';

interface Kept<T> {
  readonly print: string;
  readonly value: T;
}

/** What came of files of one kind, for as long as they look the same. */
class ParsedOf<T> {
  readonly #kept = new Map<string, Kept<T>>();
  readonly #used = new Set<string>();

  /** The value made of the file under this print before, or made now; null, which is not kept, says that it is unfit. */
  async get(path: string, print: string, make: () => T | null | Promise<T | null>): Promise<T | null> {
    this.#used.add(path);
    const known = this.#kept.get(path);
    if (known?.print === print) return known.value;
    const value = await make();
    if (value !== null) this.#kept.set(path, { print, value });
    return value;
  }

  /** Forgets what was not asked for since the last time. */
  forgetUnused(): void {
    for (const path of this.#kept.keys()) if (!this.#used.has(path)) this.#kept.delete(path);
    this.#used.clear();
  }
}

/**
 * What is dear to read again: CRLs have many entries, and a bundle's password is tried in a tenth of a second in which nobody is served. A reload for
 * one file must not cost what all of them did.
 */
export class ParsedFiles {
  readonly crls = new ParsedOf<readonly Crl[]>();
  readonly bundles = new ParsedOf<readonly Certificate[]>();
  readonly numbering = new ParsedOf<NumberingTable>();

  forgetUnused(): void {
    this.crls.forgetUnused();
    this.bundles.forgetUnused();
    this.numbering.forgetUnused();
  }
}
