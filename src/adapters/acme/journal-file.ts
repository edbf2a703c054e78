import { dirname } from 'node:path';
import type { AcmeJournal } from '../../ports/index.js';
import { Unavailable, refuse } from '../../reasons/index.js';

/** The little that the journal asks of an open file; every call does all it says or throws. */
export interface JournalHandle {
  write(octets: Uint8Array, position: number): Promise<void>;
  datasync(): Promise<void>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

/** The little that the journal asks of a file system. Missing files read as null; `create` fails where the file exists. */
export interface JournalFiles {
  open(path: string, how: 'update' | 'create', permissions?: number): Promise<JournalHandle>;
  readWhole(path: string): Promise<Buffer | null>;
  syncDirectory(directory: string): Promise<void>;
}

const NEWLINE = 0x0a;

/**
 * A journal of JSON lines in one file. Writes, and what a crash after each leaves:
 *  1 the line         a last line that may be cut short: it was never answered, and is dropped at the next start
 *  2 its fdatasync    the line, for good
 * At the first start the file is made and its folder synced before anything is written. One process to a file: who opens it has made sure of that.
 */
export class JournalFile implements AcmeJournal {
  readonly #file: JournalHandle;
  readonly #entries: readonly unknown[];
  #size: number;
  #broken = false;

  private constructor(file: JournalHandle, entries: readonly unknown[], size: number) {
    this.#file = file;
    this.#entries = entries;
    this.#size = size;
  }

  /** @throws Error when a whole line is broken; Unavailable when the file cannot be used */
  static async open(path: string, files: JournalFiles): Promise<JournalFile> {
    const octets = await files.readWhole(path);
    if (octets === null) {
      const file = await files.open(path, 'create', 0o600);
      await files.syncDirectory(dirname(path));
      return new JournalFile(file, [], 0);
    }
    const end = octets.lastIndexOf(NEWLINE) + 1;
    const entries = entriesOf(octets.subarray(0, end));
    const file = await files.open(path, 'update');
    if (end < octets.length) {
      await file.truncate(end);
      await file.datasync();
    }
    return new JournalFile(file, entries, end);
  }

  async append(entry: object): Promise<void> {
    if (this.#broken) return refuse('log-unavailable', 'the ACME journal is broken');
    const line = Buffer.from(`${JSON.stringify(entry)}\n`);
    try {
      await this.#file.write(line, this.#size);
      await this.#file.datasync();
      this.#size += line.length;
    } catch (error) {
      // What is on the disk now nobody knows: only a new start, which reads it, does.
      this.#broken = true;
      throw error instanceof Unavailable ? error : new Unavailable('log-unavailable', 'the ACME journal', null, 30);
    }
  }

  read(): Promise<readonly unknown[]> {
    return Promise.resolve(this.#entries);
  }

  close(): Promise<void> {
    this.#broken = true;
    return this.#file.close();
  }
}

const entriesOf = (octets: Buffer): unknown[] =>
  octets
    .toString('utf8')
    .split('\n')
    .slice(0, -1)
    .map((line, index) => {
      try {
        return JSON.parse(line) as unknown;
      } catch {
        throw new Error(`line ${index + 1} of the ACME journal is broken`);
      }
    });
