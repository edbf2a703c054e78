import { nodeFileSystem, type FileSystem, type OpenFile } from '../../src/adapters/files/index.js';

/** How the process dies at the fatal call: before it, after it, or (a write) with half of the octets stored. */
export type Death = 'before' | 'half' | 'after';

const never = (): Promise<never> => new Promise(() => undefined);

/**
 * A file system under which the process ends at its `fatal`-th call that changes anything (1 = the first; 0 = never).
 * `kill`: by SIGKILL. `freeze`: nothing that was asked from then on ever happens, as if the process were gone; what is on the disk is the same.
 */
export class DyingFileSystem implements FileSystem {
  #fatal: number;
  readonly #death: Death;
  readonly #end: 'kill' | 'freeze';
  readonly #open = new Set<OpenFile>();
  #calls = 0;
  #frozen = false;
  #buried = false;
  #announce: () => void = () => undefined;
  /** Resolves when a frozen process has ended. */
  readonly dead = new Promise<void>((resolve) => {
    this.#announce = resolve;
  });

  constructor(fatal: number, death: Death, end: 'kill' | 'freeze') {
    this.#fatal = fatal;
    this.#death = death;
    this.#end = end;
  }

  /** Lets the process end at that call from now on: 1 = the next. */
  arm(next: number): void {
    this.#fatal = this.#calls + next;
  }

  get calls(): number {
    return this.#calls;
  }

  async change<T>(work: () => Promise<T>, half: () => Promise<unknown> = work): Promise<T> {
    if (this.#frozen) return await never();
    this.#calls += 1;
    if (this.#calls !== this.#fatal) return await work();
    if (this.#end === 'freeze') this.#frozen = true;
    if (this.#death === 'half') await half();
    if (this.#death === 'after') await work();
    if (this.#end === 'kill') process.kill(process.pid, 'SIGKILL');
    this.#announce();
    return await never();
  }

  /** Closes what a frozen process held open, as the system would, and what it was about to open. */
  async bury(): Promise<void> {
    this.#buried = true;
    for (const file of this.#open) await file.close();
    this.#open.clear();
  }

  closed(file: OpenFile): Promise<void> {
    this.#open.delete(file);
    return file.close();
  }

  async open(path: string, how: 'read' | 'update' | 'create', permissions?: number): Promise<OpenFile> {
    const open = () => this.#held(nodeFileSystem.open(path, how, permissions));
    return new DyingFile(await (how === 'create' ? this.change(open) : open()), this);
  }

  /** Also a file that is made by the last call, whose maker never hears of it. */
  async #held(opening: Promise<OpenFile>): Promise<OpenFile> {
    const file = await opening;
    if (!this.#buried) this.#open.add(file);
    else await file.close();
    return file;
  }

  readWhole = (path: string) => nodeFileSystem.readWhole(path);
  list = (directory: string) => nodeFileSystem.list(directory);
  makeDirectory = (directory: string, permissions?: number) => this.change(() => nodeFileSystem.makeDirectory(directory, permissions));
  rename = (from: string, to: string) => this.change(() => nodeFileSystem.rename(from, to));
  link = (from: string, to: string) => this.change(() => nodeFileSystem.link(from, to));
  remove = (path: string) => this.change(() => nodeFileSystem.remove(path));
  syncDirectory = (directory: string) => this.change(() => nodeFileSystem.syncDirectory(directory));
}

class DyingFile implements OpenFile {
  readonly #file: OpenFile;
  readonly #fs: DyingFileSystem;

  constructor(file: OpenFile, fs: DyingFileSystem) {
    this.#file = file;
    this.#fs = fs;
  }

  get path(): string {
    return this.#file.path;
  }
  size = () => this.#file.size();
  read = (buffer: Uint8Array, position: number) => this.#file.read(buffer, position);
  readNow = (buffer: Uint8Array, position: number) => this.#file.readNow(buffer, position);
  write = (octets: Uint8Array, position: number) =>
    this.#fs.change(
      () => this.#file.write(octets, position),
      () => this.#file.write(octets.subarray(0, Math.floor(octets.length / 2)), position),
    );
  datasync = () => this.#fs.change(() => this.#file.datasync());
  truncate = (length: number) => this.#fs.change(() => this.#file.truncate(length));
  close = () => this.#fs.closed(this.#file);
}
