import type { ClassStorage } from '../../ports/index.js';
import type { FileSystem } from './file-system.js';
import { openWal, type FileWal } from './wal.js';

/*
 * `classes/`: segments as those of the write-ahead log (`wal-format`), a record's leaf being what was appended. Writes, and what a crash leaves:
 *  flush   1 a batch at the end   nothing, a part or all of it: the next open drops a part. Nothing committed names what is in it,
 *          2 fdatasync            since the write-ahead log is written only after 2
 * A batch that was durable once and is broken now is never dropped for a part: `openWal` names file and offset.
 */

const EMPTY = new Uint8Array();
/** Of one append: a batch of 2,000 PASSporTs may bring four times as many octets of CAs as a segment takes at once. */
const MOST_OCTETS = 8 * 1024 * 1024;

/** How many of these fit into one append; at least one. */
const fitting = (pending: readonly Uint8Array[]): number => {
  let octets = 0;
  const first = pending.findIndex(({ length }) => (octets += length) > MOST_OCTETS);
  return first < 0 ? pending.length : Math.max(1, first);
};

export class FileClassStorage implements ClassStorage {
  readonly #wal: FileWal;
  #pending: Uint8Array[] = [];
  #next: number;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(wal: FileWal) {
    this.#wal = wal;
    this.#next = wal.size;
  }

  /** @throws Refusal `log-corrupt` naming file and offset; StorageFault */
  static async open(directory: string, options: { readonly fs?: FileSystem; readonly readOnly?: boolean } = {}): Promise<FileClassStorage> {
    return new FileClassStorage(await openWal(directory, options));
  }

  async *read(): AsyncIterable<Uint8Array> {
    for await (const { record } of this.#wal.read(0)) yield record.leaf;
  }

  append(octets: Uint8Array): number {
    this.#pending.push(octets);
    this.#next += 1;
    return this.#next - 1;
  }

  flush(): Promise<void> {
    const turn = this.#turn.then(() => this.#write());
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #write(): Promise<void> {
    let left = this.#pending.length;
    while (left > 0) {
      const count = fitting(this.#pending.slice(0, left));
      const records = this.#pending.slice(0, count).map((leaf) => ({ leaf, sealed: EMPTY, keySlot: 0 }));
      await this.#wal.append(this.#wal.size, records);
      this.#pending = this.#pending.slice(count);
      left -= count;
    }
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#wal.close();
  }
}
