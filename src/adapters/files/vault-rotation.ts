import { join } from 'node:path';
import { refuse } from '../../reasons/index.js';
import { closing, writeWhole } from './durable-file.js';
import { nodeFileSystem, type FileSystem, type OpenFile } from './file-system.js';
import { refuseFrozen } from './frozen.js';
import { newSecret, readPublicKeys, secretOf } from './keys.js';
import { LAYOUT } from './layout.js';
import { DirectoryLock } from './lock.js';
import { KEY_OCTETS } from './vault-cipher.js';
import { ERASED, SLOT_OCTETS, expiryOf, fitsVaultKey, headSlot, unwrapKey, wrapKey } from './vault-slot.js';

/*
 * A new vault.key: every key of the vault is wrapped anew, and stays what it is. Writes, and what a crash after each leaves:
 *  1 keys/vault.key.next, durable    the old key and its vault; the next start, or rotation, removes what was begun
 *  2 vault/keys.next, durable        the same
 *  3 vault/keys replaced, durable    THE CHANGE: the vault of the new key; the next start, or rotation, does 4 and 5
 *  4 0xee over keys/vault.key        the same
 *  5 keys/vault.key replaced         complete
 * Whoever has the old vault.key and an old copy of the vault reads what that copy holds, as before: copies of the old key must go. What the file system
 * or the drive keeps of overwritten sectors is out of reach from here.
 */

const NEXT = '.next';
/** Slots are wrapped anew so many at a time: 1 MiB. */
const CHUNK_SLOTS = 16_384;

interface Paths {
  readonly vaultFolder: string;
  readonly vault: string;
  readonly keyFolder: string;
  readonly key: string;
}

const pathsOf = (directory: string): Paths => {
  const [vaultFolder, keyFolder] = [join(directory, LAYOUT.vault), join(directory, LAYOUT.keys)];
  return { vaultFolder, vault: join(vaultFolder, 'keys'), keyFolder, key: join(keyFolder, 'vault.key') };
};

/**
 * Puts a new vault.key in place of the old one, while no gateway runs; how many keys of subjects and days it wraps.
 * @throws StorageFault (a gateway runs, the disk fails); Refusal `log-corrupt` for a vault that is damaged or of another key: nothing has changed then
 */
export const rotateVaultKey = async (directory: string, fs: FileSystem = nodeFileSystem): Promise<number> => {
  const paths = pathsOf(directory);
  await readPublicKeys(paths.keyFolder, fs);
  const lock = await DirectoryLock.acquire(directory, fs);
  try {
    await refuseFrozen(fs, directory);
    await finishRotation(directory, fs);
    return await rotate(fs, paths);
  } finally {
    await lock.release();
  }
};

const rotate = async (fs: FileSystem, paths: Paths): Promise<number> => {
  const old = secretOf((await fs.readWhole(paths.key)) ?? Buffer.alloc(0), paths.key);
  if (!(await isVaultOf(fs, paths.vault, old))) return refuse('log-corrupt', 'vault/keys and keys/vault.key do not belong together');
  const text = Buffer.from(newSecret());
  await writeWhole(fs, paths.key + NEXT, text);
  await fs.syncDirectory(paths.keyFolder);
  let count: number;
  try {
    count = await wrapAnew(fs, paths, old, secretOf(text, paths.key));
  } catch (error) {
    await undo(fs, paths);
    throw error;
  }
  await fs.rename(paths.vault + NEXT, paths.vault);
  await fs.syncDirectory(paths.vaultFolder);
  await replaceKey(fs, paths);
  return count;
};

/**
 * What a rotation left that a crash interrupted: done to its end, or undone. Whoever calls it holds the directory.
 * @throws Refusal `log-corrupt` where neither key is that of the vault: nothing is removed then, since a damaged one may yet be mended
 */
export const finishRotation = async (directory: string, fs: FileSystem): Promise<void> => {
  const paths = pathsOf(directory);
  const text = await fs.readWhole(paths.key + NEXT);
  if (text === null) return;
  if (await isKeyOfVault(fs, paths, text)) return await replaceKey(fs, paths);
  if (!(await isKeyOfVault(fs, paths, (await fs.readWhole(paths.key)) ?? Buffer.alloc(0))))
    return refuse(
      'log-corrupt',
      'vault/keys belongs neither to keys/vault.key nor to keys/vault.key.next: restore the one that is damaged',
    );
  await undo(fs, paths);
};

const isKeyOfVault = async (fs: FileSystem, { vault }: Paths, text: Buffer): Promise<boolean> => {
  const key = Buffer.from(text.toString('latin1').split('\n', 1)[0] ?? '', 'base64');
  return key.length === KEY_OCTETS && (await isVaultOf(fs, vault, key));
};

const undo = async (fs: FileSystem, { vault, vaultFolder, key, keyFolder }: Paths): Promise<void> => {
  await fs.remove(vault + NEXT);
  await fs.syncDirectory(vaultFolder);
  await fs.remove(key + NEXT);
  await fs.syncDirectory(keyFolder);
};

const isVaultOf = async (fs: FileSystem, path: string, vaultKey: Uint8Array): Promise<boolean> => {
  const vault = await fs.open(path, 'read');
  return await closing(vault, async () => {
    const head = Buffer.alloc(SLOT_OCTETS);
    await vault.read(head, 0);
    return fitsVaultKey(vaultKey, head);
  });
};

/** The file that is replaced may stay on the disk, out of sight: nothing of the old key does. */
const replaceKey = async (fs: FileSystem, { keyFolder, key }: Paths): Promise<void> => {
  const old = await fs.open(key, 'update');
  await closing(old, async () => {
    await old.write(Buffer.alloc(await old.size(), 0xee), 0);
    await old.datasync();
  });
  await fs.rename(key + NEXT, key);
  await fs.syncDirectory(keyFolder);
};

const wrapAnew = async (fs: FileSystem, { vault, vaultFolder }: Paths, old: Uint8Array, next: Uint8Array): Promise<number> => {
  await fs.remove(vault + NEXT);
  const from = await fs.open(vault, 'read');
  return await closing(from, async () => {
    const to = await fs.open(vault + NEXT, 'create');
    const count = await closing(to, () => copyWrapped(from, to, old, next));
    await fs.syncDirectory(vaultFolder);
    return count;
  });
};

/** A part of a slot at the end is what a crash left of one that nothing names. */
const copyWrapped = async (from: OpenFile, to: OpenFile, old: Uint8Array, next: Uint8Array): Promise<number> => {
  const slots = Math.floor((await from.size()) / SLOT_OCTETS);
  await to.write(headSlot(next), 0);
  let count = 0;
  for (let first = 1; first < slots; first += CHUNK_SLOTS) {
    const chunk = Buffer.alloc(Math.min(CHUNK_SLOTS, slots - first) * SLOT_OCTETS);
    await from.read(chunk, first * SLOT_OCTETS);
    for (let at = 0; at < chunk.length; at += SLOT_OCTETS)
      count += rewrap(chunk.subarray(at, at + SLOT_OCTETS), first + at / SLOT_OCTETS, old, next);
    await to.write(chunk, first * SLOT_OCTETS);
  }
  await to.datasync();
  return count;
};

/** In place; how many keys: one, or none where it was erased. The day after which it is destroyed stays. */
const rewrap = (slot: Buffer, number: number, old: Uint8Array, next: Uint8Array): number => {
  const key = unwrapKey(old, number, slot);
  if (key === 'broken') return refuse('log-corrupt', `vault/keys is broken at slot ${number}`);
  const isErased = key === 'erased';
  (isErased ? ERASED : wrapKey(next, number, key, expiryOf(slot, 0))).copy(slot);
  return isErased ? 0 : 1;
};
