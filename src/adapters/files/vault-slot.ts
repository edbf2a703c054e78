import { KEY_OCTETS, NONCE_OCTETS, TAG_OCTETS, decrypt, encrypt } from './vault-cipher.js';

/*
 * A slot of `vault/keys`, 64 octets, so that none lies across two sectors:
 *   kind (1), day after which the key is destroyed (3, 0 = none), then nonce, wrapped key and tag: AES-256-GCM under vault.key,
 *   with the slot's number and its first four octets authenticated, so that no slot can be moved or lose its day.
 * Slot 0 is the head of the file: the same form, wrapping a constant, so that a wrong vault.key is known at once.
 * All zero: never written. All 0xee: erased. 0xee at the front alone: an erasure that a crash interrupted; without its nonce the key is out of reach.
 */

export const SLOT_OCTETS = 4 + NONCE_OCTETS + KEY_OCTETS + TAG_OCTETS;

export const KIND = { empty: 0x00, key: 0x01, head: 0x53, erased: 0xee } as const;

export const ERASED = Buffer.alloc(SLOT_OCTETS, KIND.erased);
const EMPTY = Buffer.alloc(SLOT_OCTETS);
const CHECK = Buffer.alloc(KEY_OCTETS, 'signpost vault 1');

const contextOf = (number: number, kind: number, expiryDay: number): Buffer => {
  const context = Buffer.alloc(12);
  context.writeBigUInt64BE(BigInt(number));
  context[8] = kind;
  context.writeUIntBE(expiryDay, 9, 3);
  return context;
};

export const wrapKey = (vaultKey: Uint8Array, number: number, key: Uint8Array, expiryDay: number): Buffer => {
  const context = contextOf(number, KIND.key, expiryDay);
  return Buffer.concat([context.subarray(8), encrypt(vaultKey, context, key)]);
};

export const headSlot = (vaultKey: Uint8Array): Buffer => {
  const context = contextOf(0, KIND.head, 0);
  return Buffer.concat([context.subarray(8), encrypt(vaultKey, context, CHECK)]);
};

export const fitsVaultKey = (vaultKey: Uint8Array, head: Buffer): boolean => {
  const context = contextOf(0, KIND.head, 0);
  if (head.length !== SLOT_OCTETS || !head.subarray(0, 4).equals(context.subarray(8))) return false;
  return decrypt(vaultKey, context, head.subarray(4))?.equals(CHECK) === true;
};

/** Whether the slot was being erased: 0xee at the front, and more of what was before than the one octet that a flipped bit would be. */
export const isHalfErased = (slot: Buffer): boolean =>
  slot[0] === KIND.erased && slot.reduce((count, octet) => count + (octet === KIND.erased ? 0 : 1), 0) > 1;

/** The key; `erased` for a slot without one; `broken` for octets that were never written so. */
export const unwrapKey = (vaultKey: Uint8Array, number: number, slot: Buffer): Buffer | 'erased' | 'broken' => {
  if (slot[0] === KIND.key) return decrypt(vaultKey, contextOf(number, KIND.key, slot.readUIntBE(1, 3)), slot.subarray(4)) ?? 'broken';
  return slot.equals(ERASED) || slot.equals(EMPTY) || isHalfErased(slot) ? 'erased' : 'broken';
};

/** Day after which the key of a slot is destroyed; 0 = none. */
export const expiryOf = (octets: Buffer, at: number): number => (octets[at] === KIND.key ? octets.readUIntBE(at + 1, 3) : 0);
