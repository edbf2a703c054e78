import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { writeWhole } from './durable-file.js';
import { nodeFileSystem, type FileSystem } from './file-system.js';
import { StorageFault, codeOf } from './storage-fault.js';

/*
 * One process to a data directory. The file `lock` names its holder; it is made by `link`, which never replaces.
 * A crash leaves it: the next start sees that the holder is dead (its pid is gone, or is another process's now, or the machine was
 * restarted) and takes it over, one taker at a time: `lock.takeover` is the takers' own lock.
 * Between machines or containers nobody can see whether a pid lives: a lock of another host is never taken over.
 */

interface Holder {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /** Start of the process in ticks since boot, and the boot; empty where /proc does not exist. */
  readonly started: string;
  readonly boot: string;
}

const readText = async (path: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return '';
  }
};

/** proc(5): field 22 of stat; the name in field 2 may hold spaces and brackets. */
const startOf = async (pid: number): Promise<string> => {
  const stat = await readText(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
};

const bootOf = async (): Promise<string> => (await readText('/proc/sys/kernel/random/boot_id')).trim();

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
};

const self = async (): Promise<Holder> => ({
  id: randomUUID(),
  host: hostname(),
  pid: process.pid,
  started: await startOf(process.pid),
  boot: await bootOf(),
});

const parseHolder = (octets: Buffer | null): Holder | null => {
  try {
    const value: unknown = JSON.parse(octets?.toString('utf8') ?? '');
    if (typeof value !== 'object' || value === null || !('pid' in value) || typeof value.pid !== 'number') return null;
    return value as Holder;
  } catch {
    return null;
  }
};

const isStale = async (holder: Holder): Promise<boolean> => {
  if (holder.host !== hostname()) return false;
  if (holder.boot !== '' && holder.boot !== (await bootOf())) return true;
  return !isAlive(holder.pid) || (holder.started !== '' && holder.started !== (await startOf(holder.pid)));
};

const heldBy = (path: string, holder: Holder | null): never => {
  const who = holder === null ? 'another process' : `process ${holder.pid} on ${holder.host}`;
  const fault = new StorageFault('lock', path, { code: 'EEXIST' });
  fault.message = `${path} is held by ${who}: stop it; if it is gone for certain, remove the file`;
  throw fault;
};

/** The right to write in a data directory. */
export class DirectoryLock {
  readonly #fs: FileSystem;
  readonly #path: string;
  readonly #id: string;

  private constructor(fs: FileSystem, path: string, id: string) {
    this.#fs = fs;
    this.#path = path;
    this.#id = id;
  }

  /** @throws StorageFault when another process holds it */
  static async acquire(directory: string, fs: FileSystem = nodeFileSystem): Promise<DirectoryLock> {
    const path = join(directory, 'lock');
    const holder = await self();
    const own = `${path}.${holder.id}`;
    await writeWhole(fs, own, Buffer.from(`${JSON.stringify(holder)}\n`));
    try {
      if (!(await linked(fs, own, path))) await takeOver(fs, own, path);
    } finally {
      await fs.remove(own);
    }
    return new DirectoryLock(fs, path, holder.id);
  }

  /** Gives it up, if it is still ours. */
  async release(): Promise<void> {
    if (parseHolder(await this.#fs.readWhole(this.#path))?.id === this.#id) await this.#fs.remove(this.#path);
  }
}

const linked = async (fs: FileSystem, from: string, to: string): Promise<boolean> => {
  try {
    await fs.link(from, to);
    return true;
  } catch (error) {
    if (error instanceof StorageFault && error.code === 'EEXIST') return false;
    throw error;
  }
};

const takeOver = async (fs: FileSystem, own: string, path: string): Promise<void> => {
  const turn = `${path}.takeover`;
  if (!(await linked(fs, own, turn))) return heldBy(turn, parseHolder(await fs.readWhole(turn)));
  try {
    // Looked at only now: between the failed link and this turn another taker may have become a living holder.
    const octets = await fs.readWhole(path);
    const holder = parseHolder(octets);
    if (octets !== null && (holder === null || !(await isStale(holder)))) return heldBy(path, holder);
    await fs.remove(path);
    if (!(await linked(fs, own, path))) return heldBy(path, null);
  } finally {
    await fs.remove(turn);
  }
};
