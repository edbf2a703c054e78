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
 * restarted) and takes it over. A crash at any point of that leaves files that the next taker reads, and the one after sweeps.
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
    await sweep(fs, directory);
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

/**
 * Takes over from a dead holder. Who links `lock.after-<id of the dead>` is its one heir; an heir that dies too has an heir of its own, and so on.
 * Claims go only once the lock names their winner, so who links a claim and still finds the dead holder in the lock is alone with it.
 */
const takeOver = async (fs: FileSystem, own: string, path: string): Promise<void> => {
  const read = async (file: string): Promise<Holder> => {
    const holder = parseHolder(await fs.readWhole(file));
    return holder !== null && (await isStale(holder)) ? holder : heldBy(file, holder);
  };
  const dead = await read(path);
  let claim = claimOn(path, dead);
  while (!(await linked(fs, own, claim))) claim = claimOn(path, await read(claim));
  if (parseHolder(await fs.readWhole(path))?.id !== dead.id) {
    await fs.remove(claim);
    return heldBy(path, null);
  }
  // A second name of our file, since `rename` of a file onto another name of itself does nothing (rename(2)).
  await writeWhole(fs, `${own}.next`, (await fs.readWhole(own)) ?? Buffer.alloc(0));
  await fs.rename(`${own}.next`, path);
};

const claimOn = (path: string, { id }: Holder): string => `${path}.after-${id}`;

/** What dead processes left beside the lock that is now ours. */
const sweep = async (fs: FileSystem, directory: string): Promise<void> => {
  for (const name of await fs.list(directory)) {
    if (!name.startsWith('lock.')) continue;
    const path = join(directory, name);
    const holder = parseHolder(await fs.readWhole(path));
    if (holder === null || holder.pid === process.pid || (await isStale(holder))) await fs.remove(path);
  }
};
