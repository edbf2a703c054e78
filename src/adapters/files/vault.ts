import { dirname, join } from 'node:path';
import type { Clock, Vault } from '../../ports/index.js';
import { Unavailable, refuse } from '../../reasons/index.js';
import { BoundedMap } from './bounded-map.js';
import { makeDurableDirectory } from './durable-file.js';
import { nodeFileSystem, type FileSystem, type OpenFile } from './file-system.js';
import { KEY_OCTETS, decrypt, encrypt, randomOctets } from './vault-cipher.js';
import { ERASED, KIND, SLOT_OCTETS, expiryOf, fitsVaultKey, headSlot, isHalfErased, unwrapKey, wrapKey } from './vault-slot.js';

/*
 * Keys of subjects and of days, one to a slot of `vault/keys`; a slot is used once. Writes, and what a crash after each leaves:
 *  flush   1 new slots at the end   some of them, whole or (the last) in part: nothing that is committed was sealed under them,
 *          2 fdatasync              since the WAL is written only after 2; a part of a slot is cut off at the next open
 *  erase   3 0xee over the slot     the key, a part of it or none: the erasure was not acknowledged yet and is asked for again; a part is overwritten at
 *                                   the next open
 *          4 fdatasync              none, for good
 * What the file system or the drive keeps of overwritten sectors is out of reach from here: put `vault/` on a disk that is encrypted,
 * and keep no backup of it longer than policy says, or rotate vault.key and let no copy of the old one live (`vault-rotation`).
 * An error of 1 to 4 stops the vault until a restart.
 */

export interface VaultOptions {
  readonly vaultKey: Uint8Array;
  readonly clock: Pick<Clock, 'now'>;
  readonly fs?: FileSystem;
  readonly readOnly?: boolean;
  /** Whether a vault that does not exist is made: only while nothing can have been sealed. Default true. */
  readonly mayCreate?: boolean;
}

const DAY_MS = 86_400_000;
/** Slots are read a page of the system's at a time; 4,096 pages are 16 MiB. */
const PAGE_SLOTS = 64;
const KEPT_PAGES = 4096;
const KEPT_KEYS = 16_384;
const SCAN_OCTETS = 1024 * 1024;

const corruptSlot = (slot: number): never => refuse('log-corrupt', `vault/keys is broken at slot ${slot}`);

export class FileVault implements Vault {
  readonly #file: OpenFile;
  readonly #vaultKey: Uint8Array;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #readOnly: boolean;
  readonly #pages = new BoundedMap<number, Buffer>(KEPT_PAGES);
  readonly #keys = new BoundedMap<number, Buffer>(KEPT_KEYS);
  /** Keys of slots that are not in the file yet. */
  readonly #fresh = new Map<number, Buffer>();
  readonly #expiring = new Map<number, number>();
  readonly #erasing = new Set<number>();
  #pending: Buffer[] = [];
  #durable = 1;
  #next = 1;
  #turn: Promise<unknown> = Promise.resolve();
  #failure: Error | null = null;
  /** The day for which the expired keys were last looked for. */
  #expiredDay = -1;

  private constructor(file: OpenFile, options: VaultOptions) {
    this.#file = file;
    this.#vaultKey = options.vaultKey;
    this.#clock = options.clock;
    this.#readOnly = options.readOnly ?? false;
  }

  /** @throws Refusal `log-corrupt` when vault.key is not the one of this vault; StorageFault */
  static async open(directory: string, options: VaultOptions): Promise<FileVault> {
    const fs = options.fs ?? nodeFileSystem;
    const path = join(directory, 'keys');
    if (options.readOnly !== true) await createVault(fs, directory, path, options);
    const vault = new FileVault(await fs.open(path, options.readOnly === true ? 'read' : 'update'), options);
    try {
      await vault.#load();
    } catch (error) {
      await vault.#file.close();
      throw error;
    }
    return vault;
  }

  async #load(): Promise<void> {
    const size = await this.#file.size();
    const head = Buffer.alloc(SLOT_OCTETS);
    await this.#file.read(head, 0);
    if (!fitsVaultKey(this.#vaultKey, head)) return refuse('log-corrupt', 'vault/keys and keys/vault.key do not belong together');
    this.#durable = this.#next = Math.floor(size / SLOT_OCTETS);
    if (size % SLOT_OCTETS !== 0 && !this.#readOnly) await this.#file.truncate(this.#durable * SLOT_OCTETS);
    const chunk = Buffer.alloc(SCAN_OCTETS);
    for (let at = 0; at < this.#durable * SLOT_OCTETS; at += SCAN_OCTETS) {
      const length = await this.#file.read(chunk, at);
      for (let slot = 0; slot + SLOT_OCTETS <= length; slot += SLOT_OCTETS) {
        const day = expiryOf(chunk, slot);
        const number = (at + slot) / SLOT_OCTETS;
        if (day !== 0) this.#expiring.set(number, day);
        if (chunk[slot] === KIND.erased && isHalfErased(chunk.subarray(slot, slot + SLOT_OCTETS))) this.#erasing.add(number);
      }
    }
    if (!this.#readOnly) await this.purge();
  }

  newSlot(expiryDay = 0): number {
    this.#checkUsable();
    const slot = this.#next;
    const key = randomOctets(KEY_OCTETS);
    this.#pending.push(wrapKey(this.#vaultKey, slot, key, expiryDay));
    this.#fresh.set(slot, key);
    if (expiryDay !== 0) this.#expiring.set(slot, expiryDay);
    this.#next += 1;
    return slot;
  }

  flush(): Promise<void> {
    this.#expire();
    return this.#enqueue();
  }

  erase(slot: number): Promise<void> {
    this.#forget(slot);
    return this.#enqueue();
  }

  /** Destroys the keys whose day has passed; how many. `flush` does it by itself when a day ends. */
  async purge(): Promise<number> {
    const count = this.#expire();
    await this.#enqueue();
    return count;
  }

  #expire(): number {
    const today = Math.floor(this.#clock.now() / DAY_MS);
    if (today === this.#expiredDay) return 0;
    this.#expiredDay = today;
    let count = 0;
    for (const [slot, day] of this.#expiring) {
      if (day >= today) continue;
      this.#forget(slot);
      count += 1;
    }
    return count;
  }

  #forget(slot: number): void {
    if (!Number.isSafeInteger(slot) || slot < 1 || slot >= this.#next) corruptSlot(slot);
    this.#erasing.add(slot);
    this.#expiring.delete(slot);
    this.#keys.delete(slot);
    this.#fresh.get(slot)?.fill(0);
    this.#fresh.delete(slot);
  }

  #enqueue(): Promise<void> {
    const turn = this.#turn.then(() => this.#write());
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Everything that waits, under one fdatasync. */
  async #write(): Promise<void> {
    this.#checkUsable();
    const slots = this.#pending;
    const erased = [...this.#erasing];
    if (slots.length === 0 && erased.length === 0) return;
    const first = this.#durable;
    const next = first + slots.length;
    this.#pending = [];
    try {
      if (slots.length > 0) await this.#file.write(Buffer.concat(slots), first * SLOT_OCTETS);
      for (const slot of erased) await this.#file.write(ERASED, slot * SLOT_OCTETS);
      await this.#file.datasync();
    } catch (error) {
      this.#failure = error as Error;
      throw error;
    }
    this.#durable = next;
    for (let page = Math.floor(first / PAGE_SLOTS); page * PAGE_SLOTS < next; page += 1) this.#pages.delete(page);
    for (let slot = first; slot < next; slot += 1) this.#settle(slot);
    for (const slot of erased) {
      this.#pages.delete(Math.floor(slot / PAGE_SLOTS));
      this.#erasing.delete(slot);
    }
  }

  #settle(slot: number): void {
    const key = this.#fresh.get(slot);
    if (key !== undefined) this.#keys.set(slot, key);
    this.#fresh.delete(slot);
  }

  seal(slot: number, context: Uint8Array, plaintext: Uint8Array): Uint8Array {
    const key = this.#keyOf(slot);
    if (key === null) throw new Error(`vault slot ${slot} was erased and cannot seal`);
    return encrypt(key, context, plaintext);
  }

  open(slot: number, context: Uint8Array, sealed: Uint8Array): Uint8Array | null {
    const key = this.#keyOf(slot);
    if (key === null) return null;
    return decrypt(key, context, sealed) ?? refuse('log-corrupt', `vault/keys slot ${slot} does not open what was sealed under it`);
  }

  #keyOf(slot: number): Buffer | null {
    if (this.#erasing.has(slot) || this.#isPast(slot)) return null;
    const known = this.#fresh.get(slot) ?? this.#keys.get(slot);
    if (known !== undefined) return known;
    if (!Number.isSafeInteger(slot) || slot < 1 || slot >= this.#durable) return corruptSlot(slot);
    const key = unwrapKey(this.#vaultKey, slot, this.#slotOf(slot));
    if (key === 'broken') return corruptSlot(slot);
    if (key === 'erased') return null;
    this.#keys.set(slot, key);
    return key;
  }

  /** A key whose day has passed is gone, whether or not it was overwritten yet. */
  #isPast(slot: number): boolean {
    const day = this.#expiring.get(slot);
    return day !== undefined && day < Math.floor(this.#clock.now() / DAY_MS);
  }

  #slotOf(slot: number): Buffer {
    const number = Math.floor(slot / PAGE_SLOTS);
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = Buffer.alloc(PAGE_SLOTS * SLOT_OCTETS);
      this.#file.readNow(page, number * PAGE_SLOTS * SLOT_OCTETS);
      this.#pages.set(number, page);
    }
    const at = (slot % PAGE_SLOTS) * SLOT_OCTETS;
    return page.subarray(at, at + SLOT_OCTETS);
  }

  /** Unwraps every key in the file. @throws Refusal `log-corrupt` naming the first slot that is not what was written */
  async check(): Promise<void> {
    const chunk = Buffer.alloc(SCAN_OCTETS);
    for (let at = 0; at < this.#durable * SLOT_OCTETS; at += SCAN_OCTETS) {
      const length = await this.#file.read(chunk, at);
      for (let offset = at === 0 ? SLOT_OCTETS : 0; offset + SLOT_OCTETS <= length; offset += SLOT_OCTETS) {
        const slot = (at + offset) / SLOT_OCTETS;
        if (unwrapKey(this.#vaultKey, slot, chunk.subarray(offset, offset + SLOT_OCTETS)) === 'broken') corruptSlot(slot);
      }
    }
  }

  #checkUsable(): void {
    if (this.#failure !== null || this.#readOnly) refuse('log-unavailable', 'stopped');
  }

  async close(): Promise<void> {
    await this.#turn;
    this.#failure ??= new Unavailable('draining');
    await this.#file.close();
  }
}

/** Makes the file with its head. A crash before the head is whole leaves a file without one: made again, since no key can be in it. */
const createVault = async (
  fs: FileSystem,
  directory: string,
  path: string,
  { vaultKey, mayCreate = true }: VaultOptions,
): Promise<void> => {
  const octets = await sizeOf(fs, path);
  if (octets !== null && octets >= SLOT_OCTETS) return;
  if (!mayCreate) return refuse('log-corrupt', 'vault/keys is missing and the log is not empty');
  await makeDurableDirectory(fs, directory, dirname(directory));
  await fs.remove(path);
  const file = await fs.open(path, 'create');
  try {
    await file.write(headSlot(vaultKey), 0);
    await file.datasync();
  } finally {
    await file.close();
  }
  await fs.syncDirectory(directory);
};

const sizeOf = async (fs: FileSystem, path: string): Promise<number | null> => {
  const names = await fs.list(dirname(path));
  if (!names.includes('keys')) return null;
  const file = await fs.open(path, 'read');
  try {
    return await file.size();
  } finally {
    await file.close();
  }
};
