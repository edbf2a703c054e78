import { readFile, readdir, stat } from 'node:fs/promises';
import { isNativeError } from 'node:util/types';

export const codeOf = (error: unknown): string => (isNativeError(error) && 'code' in error ? String(error.code) : 'unknown');

/** How a file looked: what a change of it changes. A copy that keeps times and size still has another ctime. */
const printOfFile = async (path: string): Promise<string> => {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch (error) {
    return codeOf(error);
  }
};

const printOfFolder = async (path: string, isMember: (name: string) => boolean): Promise<string> => {
  try {
    return (await readdir(path)).filter(isMember).sort().join('/');
  } catch (error) {
    return codeOf(error);
  }
};

/** A file that another process writes to while it is read: what was read may be half of it. */
export class FileChanging extends Error {
  override readonly name = 'FileChanging';
  readonly code = 'CHANGING';
}

interface Observation {
  readonly print: string;
  readonly again: () => Promise<string>;
}

/**
 * The files of one configuration, with how each looked when it was read, also those that were not there. Looks are by `stat`, not by notification:
 * notification differs between file systems and loses what happens in a network share or behind a symbolic link that is swapped.
 */
export class ObservedFiles {
  readonly #seen = new Map<string, Observation>();

  /** The whole file as it stood at one moment. @throws FileChanging; whatever the system says */
  async read(path: string): Promise<Buffer> {
    const before = await this.look(path);
    const octets = await readFile(path);
    if ((await printOfFile(path)) === before) return octets;
    throw new FileChanging('the file changes while it is read');
  }

  /** Names of the members of a folder, sorted; null: there is no folder there, but something else or nothing. */
  async names(path: string, isMember: (name: string) => boolean): Promise<string[] | null> {
    const again = (): Promise<string> => printOfFolder(path, isMember);
    try {
      const names = (await readdir(path)).filter(isMember).sort();
      this.#seen.set(`${path}/`, { print: names.join('/'), again });
      return names;
    } catch (error) {
      this.#seen.set(`${path}/`, { print: codeOf(error), again });
      return null;
    }
  }

  async isThere(path: string): Promise<boolean> {
    return (await this.names(path, () => false)) !== null;
  }

  /** How everything looked when it was read. */
  get asRead(): string {
    return [...this.#seen.values()].map(({ print }) => print).join('\n');
  }

  /** How everything looks now. */
  async now(): Promise<string> {
    const prints: string[] = [];
    for (const { again } of this.#seen.values()) prints.push(await again());
    return prints.join('\n');
  }

  /** How a file looks; that is what it was read as from now on. @throws FileChanging */
  async look(path: string): Promise<string> {
    const print = await printOfFile(path);
    // Named twice, and another file by now: one of the two reads is of the past.
    if (this.#seen.has(path) && this.#seen.get(path)?.print !== print) throw new FileChanging('the file changes while it is read');
    this.#seen.set(path, { print, again: () => printOfFile(path) });
    return print;
  }
}
