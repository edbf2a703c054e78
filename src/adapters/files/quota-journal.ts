import { dirname, join } from 'node:path';
import type { QuotaJournal } from '../../ports/index.js';
import { makeDurableDirectory } from './durable-file.js';
import { nodeFileSystem, type FileSystem, type OpenFile } from './file-system.js';

/*
 * `quota/<start>`: what was counted in the epoch that begins at that ms, appended. Writes, and what a crash after each leaves:
 *  1 the file of a new epoch, its name durable   an empty file: an epoch in which nothing was counted
 *  2 files of earlier epochs go                   some are left: the next start removes them
 *  3 records at the end                           of a dead process: all of them, for nobody is answered before they are written. Of a power cut:
 *                                                 at most what was written since the last sync is gone, a second, and a part of a record is dropped
 */

/** ms between two syncs: what a power cut may take. */
const SYNC_MS = 1_000;
const NAME = /^[0-9]{1,15}$/;

interface Pending {
  readonly octets: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class FileQuotaJournal implements QuotaJournal {
  readonly #directory: string;
  readonly #fs: FileSystem;
  readonly #recordBytes: number;
  readonly #monotonic: () => number;
  #file: OpenFile | null = null;
  #size = 0;
  #pending: Pending[] = [];
  #running: Promise<void> | null = null;
  #failure: Error | null = null;
  #synced = 0;

  constructor(directory: string, monotonic: () => number, { fs = nodeFileSystem, recordBytes = 16 } = {}) {
    this.#directory = directory;
    this.#fs = fs;
    this.#recordBytes = recordBytes;
    this.#monotonic = monotonic;
  }

  async begin(start: number): Promise<Uint8Array> {
    await this.#running;
    if (this.#failure !== null) throw this.#failure;
    const fs = this.#fs;
    await this.#file?.close();
    this.#file = null;
    await makeDurableDirectory(fs, this.#directory, dirname(this.#directory));
    const others = (await fs.list(this.#directory)).filter((name) => NAME.test(name) && Number(name) !== start);
    // A later epoch was begun: a clock that stepped back may not begin an earlier one anew.
    if (others.some((name) => Number(name) > start)) throw new Error('a later epoch was begun');
    const path = join(this.#directory, String(start));
    const octets = await fs.readWhole(path);
    this.#file = await fs.open(path, octets === null ? 'create' : 'update');
    if (octets === null) await fs.syncDirectory(this.#directory);
    for (const name of others) await fs.remove(join(this.#directory, name));
    const whole = octets === null ? 0 : octets.length - (octets.length % this.#recordBytes);
    this.#size = whole;
    return octets === null ? new Uint8Array() : octets.subarray(0, whole);
  }

  append(octets: Uint8Array): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#pending.push({ octets, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  async close(): Promise<void> {
    await this.#running;
    const file = this.#file;
    this.#file = null;
    if (file === null) return;
    if (this.#failure === null) await file.datasync();
    await file.close();
  }

  /** Never rejects. What one turn of the event loop asks for is one write; while it is written the next one gathers. */
  async #run(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#pending.length > 0) {
      const batch = this.#pending.splice(0);
      try {
        await this.#write(Buffer.concat(batch.map(({ octets }) => octets)));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        // How much of it was written is not known: only a restart may go on.
        this.#failure = error as Error;
        for (const { reject } of [...batch, ...this.#pending.splice(0)]) reject(this.#failure);
      }
    }
    this.#running = null;
  }

  async #write(octets: Uint8Array): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    if (this.#file === null) throw new Error('no epoch was begun');
    await this.#file.write(octets, this.#size);
    this.#size += octets.length;
    const now = this.#monotonic();
    if (now - this.#synced < SYNC_MS) return;
    this.#synced = now;
    await this.#file.datasync();
  }
}
