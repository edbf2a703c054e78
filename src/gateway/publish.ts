import {
  TileBuilder,
  TileProver,
  encodeTlogProof,
  formatCheckpoint,
  leafHash,
  openCheckpoint,
  parseBundle,
  parseTilePath,
  signNote,
  tilePath,
  toVerificationKey,
  type TileFile,
  type Tree,
} from '../log/index.js';
import type { LogStorage, NoteSigner, Register, WriteAheadLog } from '../ports/index.js';
import { Refusal, refuse } from '../reasons/index.js';

/*
 * Makes the published log of the WAL. Writes, and what a crash after each leaves:
 *  1 full tiles and bundles, then partial ones   files that no checkpoint speaks of: written again, the same
 *  2 (read back: each bundle hashes to its tile)
 *  3 the signed checkpoint, to the register      a signature that nobody saw: the next start publishes this very note
 *  4 the checkpoint, to the published files      complete
 *  5 partial tiles that a full one replaces go   some are left: harmless, and fsck compares them
 * Nothing is signed that the register does not hold first, so what was signed is known after every crash; Ed25519 gives one text one
 * signature. Two roots for a size are never signed: the register's size must be smaller, or size and root equal.
 * An error stops the publisher until a restart, as the WAL's does.
 */

export interface PublisherParts {
  readonly wal: Pick<WriteAheadLog, 'size' | 'read'>;
  readonly storage: LogStorage;
  /** The newest checkpoint that was signed. Must never go back to an older state: not from a backup, not with the data. */
  readonly lastSigned: Register;
  readonly signer: NoteSigner;
}

interface Signed {
  readonly size: number;
  readonly root: Uint8Array;
  readonly note: string;
}

/** Files that are written side by side: a catch-up waits for the disk once for all of them. */
const SIDE_BY_SIDE = 32;

export class Publisher {
  readonly #parts: PublisherParts;
  #builder = new TileBuilder();
  #signed: Signed | null = null;
  #published: Signed | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #failure: Error | null = null;
  readonly #partials = new Set<string>();
  /** Tiles whose partial widths before this start are not known. */
  readonly #unknown = new Set<string>();

  private constructor(parts: PublisherParts) {
    this.#parts = parts;
  }

  /**
   * Takes up where the last run ended. `tree` is the tree of the whole WAL, and nothing is appended meanwhile.
   * @throws Refusal `log-corrupt` when the WAL is shorter than what was signed, or has another root there: publishing would fork the log
   */
  static async start(parts: PublisherParts, tree: Tree): Promise<Publisher> {
    const publisher = new Publisher(parts);
    await publisher.#resume(tree);
    return publisher;
  }

  get publishedSize(): number {
    return this.#published?.size ?? 0;
  }

  /** What is published, or null before the first. */
  get newest(): Signed | null {
    return this.#published;
  }

  /** The published checkpoint note, or null before the first. */
  get checkpoint(): string | null {
    return this.#published?.note ?? null;
  }

  /** Why nothing is published any more, or null. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** Publishes what the WAL holds now; the size that is published then. Calls take turns. @throws Unavailable `log-unavailable` */
  publish(): Promise<number> {
    const turn = this.#turn.then(() => this.#publish());
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /**
   * tlog-proof text of an entry under the published checkpoint.
   * @throws Refusal `not-found` beyond the WAL, `not-published` until a checkpoint covers it, `log-corrupt` when a tile is missing
   */
  async inclusionProofText(index: number): Promise<string> {
    const { wal, storage } = this.#parts;
    if (!Number.isSafeInteger(index) || index < 0 || index >= wal.size) return refuse('not-found', 'index');
    const published = this.#published;
    if (published === null || index >= published.size) return refuse('not-published');
    const proof = await new TileProver(published.size, (path) => storage.read(path)).inclusion(index);
    return encodeTlogProof({ index, proof, checkpoint: published.note });
  }

  async #resume(tree: Tree): Promise<void> {
    const { wal, storage } = this.#parts;
    const signed = await this.#readSigned();
    if (signed === null && (await storage.read('checkpoint')) !== null)
      return refuse('log-corrupt', 'a checkpoint is published but last-signed is missing');
    if (signed !== null) {
      if (wal.size < signed.size)
        return refuse('log-corrupt', 'the WAL is shorter than the last signed checkpoint: restore it from a mirror');
      await this.#restoreEdge(signed);
    }
    await this.#advance(wal.size);
    // The tree hashes every leaf of the WAL, the edge begins with the signed root: they agree only if the WAL continues what was signed.
    if (tree.size !== wal.size || Buffer.compare(this.#builder.root(), tree.root()) !== 0) {
      return refuse('log-corrupt', 'the WAL does not continue the last signed checkpoint: restore it from a mirror');
    }
    if (signed !== null) await this.#show(signed);
  }

  async #readSigned(): Promise<Signed | null> {
    const octets = await this.#parts.lastSigned.read();
    if (octets === null) return null;
    const { signer } = this.#parts;
    try {
      const { size, root } = openCheckpoint(octets, toVerificationKey(signer.name, signer.publicKey));
      this.#signed = { size: Number(size), root, note: Buffer.from(octets).toString('utf8') };
      return this.#signed;
    } catch (error) {
      if (error instanceof Refusal) return refuse('log-corrupt', 'last-signed is not a checkpoint of this log and key');
      throw error;
    }
  }

  /** The edge at the signed size: from its tiles, or, where they are damaged or lost, from the WAL. */
  async #restoreEdge(signed: Signed): Promise<void> {
    const restored = await this.#restore(signed.size);
    if (restored !== null && Buffer.compare(restored.root(), signed.root) === 0) {
      this.#builder = restored;
      for (const { path } of restored.partials()) this.#unknown.add(withoutWidth(path));
      return;
    }
    await this.#advance(signed.size);
    if (Buffer.compare(this.#builder.root(), signed.root) !== 0)
      return refuse('log-corrupt', 'the WAL has another root at the size of the last signed checkpoint');
    await this.#store(this.#builder.partials());
  }

  async #restore(size: number): Promise<TileBuilder | null> {
    try {
      return await TileBuilder.restore(size, (path) => this.#parts.storage.read(path));
    } catch (error) {
      if (error instanceof Refusal && error.reason === 'log-corrupt') return null;
      throw error;
    }
  }

  async #publish(): Promise<number> {
    if (this.#failure !== null) return refuse('log-unavailable', 'the publisher has stopped');
    const size = this.#parts.wal.size;
    if (this.#published?.size === size) return size;
    try {
      const full = await this.#advance(size);
      await this.#store(this.#builder.partials().filter(({ path }) => !this.#partials.has(path)));
      for (const { path } of this.#builder.partials()) this.#partials.add(path);
      await this.#show(await this.#sign(size, this.#builder.root()));
      await this.#removePartials(full);
      return size;
    } catch (error) {
      this.#failure = error as Error;
      throw error;
    }
  }

  async #sign(size: number, root: Uint8Array): Promise<Signed> {
    const { signer, lastSigned } = this.#parts;
    const last = this.#signed;
    if (last !== null && (size < last.size || (size === last.size && Buffer.compare(root, last.root) !== 0))) {
      return refuse('log-corrupt', 'a second root for a signed size');
    }
    const note = signNote(formatCheckpoint({ origin: signer.name, size, root }), [signer]);
    await lastSigned.write(Buffer.from(note));
    this.#signed = { size, root, note };
    return this.#signed;
  }

  async #show(signed: Signed): Promise<void> {
    const octets = Buffer.from(signed.note);
    const shown = this.#published === null ? await this.#parts.storage.read('checkpoint') : null;
    if (shown === null || !octets.equals(shown)) await this.#parts.storage.write('checkpoint', octets);
    this.#published = signed;
  }

  /** Takes the WAL into the edge up to `size` and writes every tile that becomes full; their paths. */
  async #advance(size: number): Promise<string[]> {
    const paths: string[] = [];
    let files: TileFile[] = [];
    if (this.#builder.size === size) return paths;
    for await (const { record } of this.#parts.wal.read(this.#builder.size)) {
      files.push(...this.#builder.append(record.leaf));
      if (files.length >= SIDE_BY_SIDE) {
        await this.#store(files);
        paths.push(...files.map(({ path }) => path));
        files = [];
      }
      if (this.#builder.size === size) break;
    }
    await this.#store(files);
    return [...paths, ...files.map(({ path }) => path)];
  }

  async #store(files: readonly TileFile[]): Promise<void> {
    const { storage } = this.#parts;
    await Promise.all(files.map(({ path, octets }) => storage.write(path, octets)));
    await Promise.all(files.map(({ path }) => this.#readBack(path)));
  }

  /** One flipped bit in one stored entry has ended logs: what was stored is hashed again before it is signed for. */
  async #readBack(path: string): Promise<void> {
    const tile = parseTilePath(path);
    if (tile?.level !== 'entries') return;
    const { storage } = this.#parts;
    const [bundle, hashes] = await Promise.all([storage.read(path), storage.read(tilePath({ ...tile, level: 0 }))]);
    if (bundle === null || hashes === null) return refuse('log-corrupt', `${path} is not there after it was written`);
    if (!Buffer.concat(parseBundle(bundle, tile.width).map(leafHash)).equals(hashes))
      return refuse('log-corrupt', `${path} is not what was written`);
  }

  /** C2SP tlog-tiles: partial tiles may go once the full one is there. */
  async #removePartials(full: readonly string[]): Promise<void> {
    for (const path of full) {
      for (const partial of this.#widthsOf(path)) {
        await this.#parts.storage.remove(partial);
        this.#partials.delete(partial);
      }
      this.#unknown.delete(path);
    }
  }

  #widthsOf(path: string): string[] {
    if (!this.#unknown.has(path)) return [...this.#partials].filter((partial) => withoutWidth(partial) === path);
    return Array.from({ length: 255 }, (_, i) => `${path}.p/${i + 1}`);
  }
}

const withoutWidth = (path: string): string => path.replace(/\.p\/[0-9]+$/, '');
