import { join } from 'node:path';
import type { EvidenceRecord, EvidenceStorage, WalRecord } from '../../ports/index.js';
import { refuse } from '../../reasons/index.js';
import { nodeFileSystem, type FileSystem } from './file-system.js';
import { FileRegister } from './register.js';
import { openWal, type FileWal } from './wal.js';

/*
 * `evidence/`: segments as those of the write-ahead log (`wal-format`), a record for each of its entries under the same index, the leaf left empty.
 * `first`: index of the first. Writes, and what a crash after each leaves:
 *  start   1 `first`               no segment: the same is begun at the next start, at the log's size then
 *  append  2 a batch at the end    nothing, a part or all of it: the next start cuts off what the write-ahead log, which is written only after 3,
 *          3 fdatasync             does not have
 * A batch that was durable once and is broken now is never dropped for a part: `openWal` names file and offset.
 */

const EMPTY = new Uint8Array();
/** Of one append: a batch of 2,000 PASSporTs of the largest size is four times a segment's payload. */
const MOST_OCTETS = 8 * 1024 * 1024;

export interface EvidenceOptions {
  /** Of the write-ahead log. */
  readonly logSize: number;
  readonly fs?: FileSystem;
  readonly readOnly?: boolean;
}

/** How many of these, from the first on, fit into one append; at least one. */
const fitting = (records: readonly EvidenceRecord[]): number => {
  let octets = 0;
  const beyond = records.findIndex(({ sealed }) => (octets += sealed.length) > MOST_OCTETS);
  return beyond < 0 ? records.length : Math.max(1, beyond);
};

export class FileEvidence implements EvidenceStorage {
  readonly first: number;
  readonly #wal: FileWal;

  private constructor(first: number, wal: FileWal) {
    this.first = first;
    this.#wal = wal;
  }

  /** @throws Refusal `log-corrupt` naming file and offset, or what is missing; StorageFault */
  static async open(directory: string, { logSize, fs = nodeFileSystem, readOnly = false }: EvidenceOptions): Promise<FileEvidence> {
    const register = new FileRegister(join(directory, 'first'), fs);
    const kept = await register.read();
    if (kept === null && (await fs.list(directory)).some((name) => name.endsWith('.wal')))
      return refuse('log-corrupt', 'evidence/first is missing');
    const first = kept === null ? logSize : readFirst(kept);
    if (kept === null && !readOnly) await register.write(Buffer.from(`${first}\n`));
    const wal = await openWal(directory, { fs, readOnly, startsAt: first, limit: logSize });
    if (wal.size < logSize) {
      await wal.close();
      return refuse('log-corrupt', `evidence/*.wal ends at entry ${wal.size}, and the log at ${logSize}`);
    }
    return new FileEvidence(first, wal);
  }

  get size(): number {
    return this.#wal.size;
  }

  async append(index: number, records: readonly EvidenceRecord[]): Promise<void> {
    for (let done = 0; done < records.length;) {
      const count = fitting(done === 0 ? records : records.slice(done));
      await this.#wal.append(index + done, records.slice(done, done + count).map(recordOf));
      done += count;
    }
  }

  read(from: number): AsyncIterable<{ readonly index: number; readonly record: WalRecord }> {
    return this.#wal.read(Math.max(from, this.first));
  }

  async get(index: number): Promise<EvidenceRecord | null> {
    return index < this.first ? null : await this.#wal.get(index);
  }

  async close(): Promise<void> {
    await this.#wal.close();
  }
}

const recordOf = ({ sealed, keySlot }: EvidenceRecord): WalRecord => ({ leaf: EMPTY, sealed, keySlot });

const readFirst = (octets: Uint8Array): number => {
  const text = Buffer.from(octets).toString('latin1').trim();
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : refuse('log-corrupt', 'evidence/first is not a number');
};
