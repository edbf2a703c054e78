import { dirname, join } from 'node:path';
import type { RejectRecords } from '../../ports/index.js';
import { refuse } from '../../reasons/index.js';
import { makeDurableDirectory, replaceFile } from './durable-file.js';
import { nodeFileSystem, type FileSystem } from './file-system.js';
import { FileRegister } from './register.js';

/*
 * `rejects/<day>/<root>`: the records of one batch, as an entry bundle. Writes, and what a crash after each leaves:
 *  save       1 folder and file, durable   records that no leaf names: they go with their day
 *  keepFrom   1 `kept-from`, durable       earlier records are not asked for any more, though they are there: the next call removes them
 *             2 files of earlier days go   some are left: as 1. The empty folder of a day stays
 */

const KEPT_FROM = 'kept-from';
const DAY = /^[0-9]{1,6}$/;

export class FileRejectRecords implements RejectRecords {
  readonly #directory: string;
  readonly #fs: FileSystem;
  readonly #register: FileRegister;
  readonly #known = new Set<string>();

  constructor(directory: string, fs: FileSystem = nodeFileSystem) {
    this.#directory = directory;
    this.#fs = fs;
    this.#register = new FileRegister(join(directory, KEPT_FROM), fs);
  }

  async save(day: number, root: Uint8Array, octets: Uint8Array): Promise<void> {
    const path = this.#path(day, root);
    const folder = dirname(path);
    if (!this.#known.has(folder)) {
      await makeDurableDirectory(this.#fs, folder, dirname(this.#directory));
      this.#known.add(folder);
    }
    await replaceFile(this.#fs, path, `${path}.tmp`, octets);
  }

  read(day: number, root: Uint8Array): Promise<Uint8Array | null> {
    return this.#fs.readWhole(this.#path(day, root));
  }

  async keptFrom(): Promise<number> {
    const octets = await this.#register.read();
    if (octets === null) return 0;
    const text = Buffer.from(octets).toString('latin1');
    return DAY.test(text) ? Number(text) : refuse('log-corrupt', `rejects/${KEPT_FROM} is damaged`);
  }

  async keepFrom(day: number): Promise<void> {
    if (day <= (await this.keptFrom())) return;
    await this.#register.write(Buffer.from(String(day)));
    const days = (await this.#fs.list(this.#directory)).filter((name) => DAY.test(name) && Number(name) < day);
    for (const name of days) {
      const folder = join(this.#directory, name);
      for (const file of await this.#fs.list(folder)) await this.#fs.remove(join(folder, file));
    }
  }

  #path(day: number, root: Uint8Array): string {
    return join(this.#directory, String(day), Buffer.from(root).toString('hex'));
  }
}
