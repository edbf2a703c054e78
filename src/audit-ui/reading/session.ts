import { openCheckpoint } from '../proof/checkpoint.js';
import { Fault, fail } from '../proof/fault.js';
import { parseVkey } from '../proof/note.js';
import { isEqual } from '../proof/octets.js';
import type { ReadFile } from '../proof/prover.js';
import { TILE_WIDTH } from '../proof/tiles.js';
import { BundleQueue } from './bundle-queue.js';
import { compare, type Continuity } from './continuity.js';
import { readDiscovery, type Discovery } from './extras.js';
import { readFrom } from './files.js';
import { VerifiedLog } from './log.js';
import { formatMemory, parseMemory, type Memory } from './memory.js';
import { keep, kept } from './storage.js';
import { Rows } from './rows.js';
import { cosignaturesOf, type Cosignature } from './witnesses.js';

/** `no-key`: nobody has said under which key the log signs, so nothing is shown. */
export type Phase = 'loading' | 'no-key' | 'stopped' | 'ready';

/** A first look is at the newest entries: a bundle, and the one before it where that holds fewer. */
const FIRST_LOOK = 128;
/** Looks that are remembered. */
const MOST_LOOKS = 500;
/** ms between two tellings of what was read. */
const TELL_MS = 250;

/**
 * One look at one log: its checkpoint, what this browser saw of it before, and the entries that were read so far, each proven before it
 * counts. Entries are read newest first, as many as are asked for.
 */
export class Session {
  phase: Phase = 'loading';
  /** Why it stopped, or what the key that was typed lacks. */
  fault: Fault | null = null;
  log: VerifiedLog | null = null;
  continuity: Continuity = { state: 'first' };
  cosignatures: readonly Cosignature[] = [];
  discovery: Discovery | null = null;
  rows = new Rows();
  queue: BundleQueue | null = null;
  memory: Memory;
  /** ms; when the checkpoint was read. */
  readAt = 0;
  readonly base: string;
  readonly read: ReadFile;
  readonly #name: string;
  readonly #listeners = new Set<() => void>();
  #isTelling = false;

  /** `base`: the page's own URL; the log stands beside the page's folder. */
  constructor(base: string) {
    this.base = base;
    const place = new URL('../log/', base);
    this.read = readFrom(place.href);
    this.#name = `signpost-audit:${place.pathname}`;
    this.memory = parseMemory(kept(this.#name));
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The server hands out another key than the one that this browser goes by. */
  get otherKey(): string | null {
    const handed = this.discovery?.logVkey ?? null;
    return handed !== null && this.memory.vkey !== null && handed !== this.memory.vkey ? handed : null;
  }

  /** Reads keys and the newest checkpoint, and the newest entries. */
  async open(): Promise<void> {
    this.discovery = await readDiscovery(this.base);
    const { vkey, receiptVkey, witnessVkeys } = this.memory;
    const keys = {
      receiptVkey: this.discovery?.receiptVkey ?? receiptVkey,
      witnessVkeys: this.discovery === null ? witnessVkeys : this.discovery.witnessVkeys,
    };
    if (vkey === null && this.discovery !== null) this.#remember({ ...keys, vkey: this.discovery.logVkey, from: 'discovery' });
    else this.#remember(keys);
    await this.refresh();
  }

  /** The auditor says under which key this log signs. */
  async useKey(vkey: string): Promise<void> {
    try {
      await parseVkey(vkey);
      this.#remember({ vkey: vkey.trim(), from: 'typed' });
      this.#forget();
      await this.refresh();
    } catch (error) {
      this.#stop(error, this.phase);
    }
  }

  /** As `refresh`, and tries again what was broken or not to be had. */
  async readAgain(): Promise<void> {
    if ((this.queue?.broken.size ?? 0) > 0) this.#forget();
    await this.refresh();
  }

  /** The newest checkpoint, opened and held against the last one that this browser saw. */
  async refresh(): Promise<void> {
    const { vkey } = this.memory;
    if (vkey === null) {
      this.phase = 'no-key';
      this.#tell();
      return;
    }
    try {
      const key = await parseVkey(vkey);
      const octets = (await this.read('checkpoint')) ?? fail('not-found', 'there is no checkpoint beside this page');
      const log = new VerifiedLog(await openCheckpoint(octets, key), this.read);
      this.continuity = await compare(log, this.memory.seen, key);
      this.cosignatures = await cosignaturesOf(log.checkpoint, this.memory.witnessVkeys);
      this.#see(log);
    } catch (error) {
      this.#stop(error, 'stopped');
    }
  }

  #see(log: VerifiedLog): void {
    const isSound = ['first', 'same', 'grown'].includes(this.continuity.state);
    const isKnown = this.log !== null && isEqual(this.log.checkpoint.root, log.checkpoint.root);
    // Of a fork the first one seen is kept: it is half of the evidence.
    if (isSound) this.#keep(log);
    // Rows of another history would be mixed with these.
    else if (!isKnown) this.#forget();
    [this.readAt, this.fault, this.phase] = [Date.now(), null, 'ready'];
    if (!isKnown || this.queue === null) this.#readFrom(log);
    this.#tell();
  }

  #keep({ checkpoint: { octets, size } }: VerifiedLog): void {
    const at = Date.now();
    const times = this.cosignatures.flatMap(({ state, time }) => (state === 'holds' && time !== null ? [time * 1000] : []));
    const look = { at, size, cosigned: times.length === 0 ? null : Math.max(...times) };
    this.#remember({ seen: { octets, size, at }, history: [...this.memory.history, look].slice(-MOST_LOOKS) });
  }

  #readFrom(log: VerifiedLog): void {
    const queue = new BundleQueue(log, this.rows, () => this.#tellSoon());
    const isReadingAll = this.queue?.isReadingAll === true || (this.log !== null && this.rows.count >= this.log.size);
    this.queue?.close();
    [this.log, this.queue] = [log, queue];
    const last = (log.bundles - 1) * TILE_WIDTH;
    if (log.size - last < FIRST_LOOK) queue.want(last - TILE_WIDTH, last);
    queue.want(last, log.size);
    if (isReadingAll) queue.readAll();
  }

  /** Reads everything, newest first, until it is stopped. */
  readAll(): void {
    this.queue?.readAll();
    this.#tell();
  }

  stopReading(): void {
    this.queue?.stop();
    this.#tell();
  }

  #forget(): void {
    this.queue?.close();
    this.queue = null;
    this.rows = new Rows();
  }

  #stop(error: unknown, phase: Phase): void {
    if (!(error instanceof Fault)) throw error;
    this.fault = error;
    this.phase = phase;
    this.#tell();
  }

  #remember(changes: Partial<Memory>): void {
    this.memory = { ...this.memory, ...changes };
    keep(this.#name, formatMemory(this.memory));
  }

  #tellSoon(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    setTimeout(() => {
      this.#isTelling = false;
      this.#tell();
    }, TELL_MS);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
