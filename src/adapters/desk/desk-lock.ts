import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { readFileSync } from 'node:fs';
import { refuse } from '../../reasons/index.js';
import { codeOf, type Disk } from './disk.js';

/** How long who finds the desk taken goes on asking. */
export interface Patience {
  /** ms */
  readonly limit: number;
  readonly wait: (ms: number) => Promise<void>;
}

/** docs/adr/0010. */
export const PATIENCE: Patience = { limit: 10_000, wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) };
/** ms between two attempts. */
const PAUSE = 20;

/** Says nothing of the host or process: strangers may be told it too. */
const TAKEN = 'another process is at this desk: the link "lock" names it, and is to be removed by hand if that is gone for certain';

/** Who holds a lock: its text, which is where the symbolic link points. */
interface Holder {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /** When the process started, in ticks since the boot: a pid comes again, with another start. Empty where the system does not tell. */
  readonly started: string;
  readonly boot: string;
}

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

/** proc(5): field 22 of stat; the name in field 2 may hold spaces and brackets. */
const startOf = (pid: number): string => {
  const stat = readText(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
};

const BOOT = readText('/proc/sys/kernel/random/boot_id').trim();
const STARTED = startOf(process.pid);

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and is another user's.
    return codeOf(error) === 'EPERM';
  }
};

const textOf = ({ id, host, pid, started, boot }: Holder): string => JSON.stringify({ id, host, pid, started, boot });

const parseHolder = (text: string | null): Holder | null => {
  try {
    const value: unknown = JSON.parse(text ?? '');
    if (typeof value !== 'object' || value === null || !('pid' in value) || typeof value.pid !== 'number') return null;
    return value as Holder;
  } catch {
    return null;
  }
};

/** Gone for certain. A process on another host, or a text that nobody here wrote, may live. */
const isGone = (holder: Holder | null): holder is Holder => {
  if (holder === null || holder.host !== hostname()) return false;
  if (holder.boot !== BOOT) return true;
  return !isAlive(holder.pid) || (holder.started !== '' && holder.started !== startOf(holder.pid));
};

/**
 * One piece of work at a desk at a time, whoever does it: two would give one CRL number twice (docs/adr/0010). The lock is a symbolic link, which is made
 * together with its text, so a process that ends at any moment leaves either no lock or one that names it; one that names a process that is gone is
 * taken over by one heir alone.
 */
export class DeskLock {
  readonly #path: string;
  readonly #disk: Disk;
  readonly #patience: Patience;

  constructor(path: string, disk: Disk, patience: Patience) {
    this.#path = path;
    this.#disk = disk;
    this.#patience = patience;
  }

  /** @throws Unavailable `overloaded` when another process holds it all the while */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    const self: Holder = { id: randomUUID(), host: hostname(), pid: process.pid, started: STARTED, boot: BOOT };
    for (let waited = 0; !this.#take(self); waited += PAUSE) {
      if (waited >= this.#patience.limit) return refuse('overloaded', TAKEN);
      await this.#patience.wait(PAUSE);
    }
    try {
      return await work();
    } finally {
      this.#release(self);
    }
  }

  #take(self: Holder): boolean {
    return this.#disk.link(textOf(self), this.#path) || this.#takeOver(self);
  }

  #release({ id }: Holder): void {
    if (parseHolder(this.#disk.readLink(this.#path))?.id === id) this.#disk.remove(this.#path);
  }

  /**
   * Who links `lock.after-<id of the dead>` is its one heir; an heir that dies too has an heir of its own, and so on. Claims go only once the lock names
   * their winner, so who links a claim and still finds the dead holder in the lock is alone with it.
   */
  #takeOver(self: Holder): boolean {
    const dead = parseHolder(this.#disk.readLink(this.#path));
    if (!isGone(dead)) return false;
    let claim = this.#claimOn(dead);
    while (!this.#disk.link(textOf(self), claim)) {
      const heir = parseHolder(this.#disk.readLink(claim));
      if (!isGone(heir)) return false;
      claim = this.#claimOn(heir);
    }
    if (parseHolder(this.#disk.readLink(this.#path))?.id !== dead.id) {
      this.#disk.remove(claim);
      return false;
    }
    const own = `${this.#path}.${self.id}`;
    this.#disk.link(textOf(self), own);
    this.#disk.rename(own, this.#path);
    this.#sweep();
    return true;
  }

  #claimOn({ id }: Holder): string {
    return `${this.#path}.after-${id}`;
  }

  /** What dead processes, and our own taking over, left beside the lock that is now ours. */
  #sweep(): void {
    const folder = dirname(this.#path);
    for (const name of this.#disk.list(folder)) {
      if (!name.startsWith(`${basename(this.#path)}.`)) continue;
      const holder = parseHolder(this.#disk.readLink(join(folder, name)));
      if (holder?.pid === process.pid || isGone(holder)) this.#disk.remove(join(folder, name));
    }
  }
}
