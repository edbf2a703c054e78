import {
  TileBuilder,
  TileProver,
  encodeTlogProof,
  leafHash,
  openCheckpoint,
  parseBundle,
  parseTilePath,
  tilePath,
  toVerificationKey,
  type TileFile,
  type Tree,
} from '../log/index.js';
import type { LogStorage, NoteSigner, Register, WriteAheadLog } from '../ports/index.js';
import { Refusal, refuse } from '../reasons/index.js';
import { CheckpointSigner, type SignedCheckpoint } from './checkpoint-signer.js';
import type { Witnessing } from './witnessing.js';

/*
 * Makes the published log of the WAL. Writes, and what a crash after each leaves:
 *  1 full tiles and bundles, then partial ones   files that no checkpoint speaks of: written again, the same
 *  2 (read back: each bundle hashes to its tile)
 *  3 the signed checkpoint, to the register      a signature that nobody saw: the next start publishes this very note
 *  4 (witnesses cosign it)                       some witnesses are ahead of what is published: they are asked again, from there
 *  5 the checkpoint, to the published files      complete
 *  6 partial tiles that a full one replaces go   some are left: harmless, and fsck compares them
 * Nothing is signed that the register does not hold first, so what was signed is known after every crash; Ed25519 gives one text one
 * signature. A fork, a rollback or two roots for a size are refused by the signer itself (`checkpoint-signer`).
 * An error stops the publisher until a restart, as the WAL's does.
 */

export interface PublisherParts {
  readonly wal: Pick<WriteAheadLog, 'size' | 'read'>;
  readonly storage: LogStorage;
  /** The newest checkpoint that was signed. Must never go back to an older state: not from a backup, not with the data. */
  readonly lastSigned: Register;
  readonly signer: NoteSigner;
  /** Absent: nobody cosigns. */
  readonly witnessing?: Witnessing;
}

/** Files that are written side by side: a catch-up waits for the disk once for all of them. */
const SIDE_BY_SIDE = 32;

export class Publisher {
  readonly #parts: PublisherParts;
  readonly #signer: CheckpointSigner;
  #builder = new TileBuilder();
  /** With its cosignatures. */
  #published: SignedCheckpoint | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #failure: Error | null = null;
  readonly #partials = new Set<string>();
  /** Full tiles whose partial ones the published checkpoint may still need. */
  #replaced: string[] = [];
  /** Tiles whose partial widths before this start are not known. */
  readonly #unknown = new Set<string>();

  private constructor(parts: PublisherParts, signer: CheckpointSigner) {
    this.#parts = parts;
    this.#signer = signer;
  }

  /**
   * Takes up where the last run ended. `tree` is the tree of the whole WAL, and nothing is appended meanwhile.
   * @throws Refusal `log-corrupt` when the WAL is shorter than what was signed, or has another root there: publishing would fork the log
   */
  static async start(parts: PublisherParts, tree: Tree): Promise<Publisher> {
    const publisher = new Publisher(parts, await CheckpointSigner.open(parts.signer, parts.lastSigned));
    await publisher.#resume(tree);
    return publisher;
  }

  get publishedSize(): number {
    return this.#published?.size ?? 0;
  }

  /** What is published, or null before the first. */
  get newest(): SignedCheckpoint | null {
    return this.#published;
  }

  /** The published checkpoint note, or null before the first. */
  get checkpoint(): string | null {
    return this.#published?.note ?? null;
  }

  /** What was signed waits for cosignatures. */
  get isHolding(): boolean {
    return this.#parts.witnessing?.isHolding === true;
  }

  /** Why nothing is published any more, or null. */
  get failure(): Error | null {
    return this.#failure;
  }

  /**
   * Publishes what the WAL holds now; the size that is published then. Calls take turns. With witnesses, a checkpoint may be held back for their
   * quorum, and they are asked no more often than they were promised; `now` asks them all the same.
   * @throws Unavailable `log-unavailable`
   */
  publish(now = false): Promise<number> {
    const turn = this.#turn.then(() => this.#publish(now));
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
    const signed = this.#signer.last;
    const shown = await storage.read('checkpoint');
    if (signed === null && shown !== null) return refuse('log-corrupt', 'a checkpoint is published but last-signed is missing');
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
    await this.#takeUp(signed, shown);
  }

  /** What is published already, with its cosignatures; else what was signed last, unless it has to be cosigned first. */
  async #takeUp(signed: SignedCheckpoint | null, shown: Uint8Array | null): Promise<void> {
    if (signed === null) return;
    const published = shown === null ? null : this.#ownCheckpoint(shown, signed.size);
    const { witnessing } = this.#parts;
    if (published !== null) witnessing?.remember(published.note);
    if (published !== null && (published.size === signed.size || witnessing?.isUsed === true)) this.#published = published;
    else if (witnessing?.isUsed !== true) await this.#show(signed);
  }

  #ownCheckpoint(octets: Uint8Array, most: number): SignedCheckpoint | null {
    const { signer } = this.#parts;
    try {
      const { size, root } = openCheckpoint(octets, toVerificationKey(signer.name, signer.publicKey));
      return Number(size) > most ? null : { size: Number(size), root, note: Buffer.from(octets).toString('utf8') };
    } catch (error) {
      if (error instanceof Refusal) return null;
      throw error;
    }
  }

  /** The edge at the signed size: from its tiles, or, where they are damaged or lost, from the WAL. */
  async #restoreEdge(signed: SignedCheckpoint): Promise<void> {
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

  async #publish(now: boolean): Promise<number> {
    if (this.#failure !== null) return refuse('log-unavailable', 'the publisher has stopped');
    const { size } = this.#parts.wal;
    if (!this.#isDue(size, now)) return this.publishedSize;
    try {
      this.#replaced.push(...(await this.#advance(size)));
      await this.#store(this.#builder.partials().filter(({ path }) => !this.#partials.has(path)));
      for (const { path } of this.#builder.partials()) this.#partials.add(path);
      const signed = await this.#sign(size);
      const note = await this.#cosigned(signed);
      if (note === null) return this.publishedSize;
      await this.#show({ ...signed, note });
      await this.#removePartials(this.#replaced.splice(0));
      return size;
    } catch (error) {
      this.#failure = error as Error;
      throw error;
    }
  }

  #isDue(size: number, now: boolean): boolean {
    const { witnessing } = this.#parts;
    const published = this.#published;
    if (published?.size === size) return witnessing?.isDue(published.note) === true;
    return witnessing?.isUsed !== true || now || witnessing.mayAsk;
  }

  async #sign(size: number): Promise<SignedCheckpoint> {
    const from = this.#signer.last?.size ?? 0;
    return await this.#signer.sign({ size, root: this.#builder.root(), proof: await this.#prove(from, size) });
  }

  async #prove(from: number, size: number): Promise<readonly Uint8Array[]> {
    if (from === 0 || from >= size) return [];
    return await new TileProver(size, (path) => this.#parts.storage.read(path)).consistency(from);
  }

  async #cosigned(signed: SignedCheckpoint): Promise<string | null> {
    const { witnessing } = this.#parts;
    return witnessing === undefined ? signed.note : await witnessing.cosigned(signed, (from) => this.#prove(from, signed.size));
  }

  async #show(signed: SignedCheckpoint): Promise<void> {
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
