import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { nodeFileSystem, type FileSystem } from './file-system.js';
import { FileRegister } from './register.js';

const SUFFIX = '.json';

/** One small file a domain, replaced whole: a change costs the same whether there are ten or ten thousand. `directory` may hold nothing else. */
export class FileDomainRecords {
  readonly #directory: string;
  readonly #fs: FileSystem;

  constructor(directory: string, fs: FileSystem = nodeFileSystem) {
    this.#directory = directory;
    this.#fs = fs;
  }

  /** Every record, with the path of its file. */
  async load(): Promise<{ readonly path: string; readonly octets: Uint8Array }[]> {
    const records = [];
    for (const name of await this.#fs.list(this.#directory)) {
      if (!name.endsWith(SUFFIX)) continue;
      const path = join(this.#directory, name);
      records.push({ path, octets: (await this.#fs.readWhole(path)) ?? Buffer.alloc(0) });
    }
    return records;
  }

  /** Durable when it resolves. @throws StorageFault */
  save(domain: string, octets: Uint8Array): Promise<void> {
    return new FileRegister(join(this.#directory, fileOf(domain)), this.#fs).write(octets);
  }
}

/** A domain may be as long as the name of a file may be, and leaves no room for a temporary one's. */
const fileOf = (domain: string): string => `${createHash('sha256').update(domain).digest('hex')}${SUFFIX}`;
