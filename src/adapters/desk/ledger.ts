import { dirname } from 'node:path';
import { refuse } from '../../reasons/index.js';
import type { Disk } from './disk.js';
import { LedgerBook } from './ledger-book.js';
import { parseLine, type LedgerLine } from './ledger-lines.js';

/**
 * What a desk ever issued, revoked, granted and published: JSON lines, appended only; the one truth of a desk (docs/adr/0010).
 *
 * Order of writes, by who has the desk's lock: (1) the lines are appended: a process that ends here leaves some of them, the last perhaps in part; nothing
 * of what they tell has left the desk. (2) They are synced: only now is what they tell handed out. Who comes next drops a last line in part, syncs
 * whole lines that they did not write, and takes them as done: a certificate that nobody ever saw does no harm, one that the desk does not know would.
 */
export class Ledger {
  readonly book = new LedgerBook();
  readonly #path: string;
  readonly #disk: Disk;
  #offset = 0;
  /** Octets that are known to be durable. */
  #durable = 0;
  #rows = 0;
  #failed = false;

  constructor(path: string, disk: Disk) {
    this.#path = path;
    this.#disk = disk;
  }

  /** Octets that were read or written. */
  get size(): number {
    return this.#offset;
  }

  /**
   * Reads what others appended since, without the lock: a line that is being written is left for later.
   * @throws Error when a line is broken or lines are gone
   */
  read(): { readonly torn: boolean } {
    const size = this.#disk.stat(this.#path)?.size ?? 0;
    if (size < this.#offset) throw new Error('the ledger lost lines: restore it before anything else is issued');
    if (size === this.#offset) return { torn: false };
    const octets = this.#disk.readFrom(this.#path, this.#offset);
    const end = octets.lastIndexOf(0x0a) + 1;
    for (const row of octets.toString('utf8', 0, end).split('\n').slice(0, -1)) {
      this.#rows += 1;
      const parsed = parseLine(row);
      if (parsed === null) throw new Error(`line ${this.#rows} of the ledger is broken`);
      this.book.add(parsed);
    }
    this.#offset += end;
    return { torn: end < octets.length };
  }

  /** Under the lock: reads what others appended, makes it durable, and drops a line that its writer did not live to end. */
  catchUp(): void {
    if (this.#failed) return refuse('store-unavailable', 'the ledger could not be written: start again');
    const { torn } = this.read();
    this.#durably(() => {
      if (torn) this.#disk.truncate(this.#path, this.#offset);
      if (torn || this.#offset > this.#durable) this.#disk.sync(this.#path);
    });
    this.#durable = this.#offset;
  }

  /**
   * Under the lock: the lines are durable when this returns, all of them; one sync for all.
   * @throws Refusal `malformed-request` for a line that could not be read again: nothing is written then
   */
  append(lines: readonly LedgerLine[]): void {
    if (lines.length === 0) return;
    const rows = lines.map((line) => JSON.stringify(line));
    if (rows.some((row) => parseLine(row) === null)) return refuse('malformed-request', 'a line of the ledger');
    const octets = Buffer.from(rows.map((row) => `${row}\n`).join(''));
    this.#durably(() => {
      this.#disk.append(this.#path, octets);
      this.#disk.sync(this.#path);
      if (this.#offset === 0) this.#disk.syncDirectory(dirname(this.#path));
    });
    this.#offset += octets.length;
    this.#durable = this.#offset;
    this.#rows += lines.length;
    for (const line of lines) this.book.add(line);
  }

  /** A sync that failed once may succeed the next time without having written anything, so this process writes no more. */
  #durably(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }
}
