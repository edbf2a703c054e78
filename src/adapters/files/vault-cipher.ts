import { createCipheriv, createDecipheriv, randomFillSync } from 'node:crypto';
import { pooled } from '../../encoding/index.js';

/** AES-256-GCM (NIST SP 800-38D): nonce of 96 bits, tag of 128 bits. */
export const KEY_OCTETS = 32;
export const NONCE_OCTETS = 12;
export const TAG_OCTETS = 16;

/** The system's random octets. */
export const randomOctets = pooled(randomFillSync);

/** nonce || ciphertext || tag, under a random nonce: fewer than 2^32 messages to a key keep a repeated nonce out of reach. */
export const encrypt = (key: Uint8Array, context: Uint8Array, plaintext: Uint8Array): Buffer => {
  const nonce = randomOctets(NONCE_OCTETS);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(context);
  const ciphertext = cipher.update(plaintext);
  // GCM is a stream: the end adds nothing.
  cipher.final();
  return Buffer.concat([nonce, ciphertext, cipher.getAuthTag()]);
};

/** The plaintext, or null when key, context or octets are not those that were sealed. */
export const decrypt = (key: Uint8Array, context: Uint8Array, sealed: Uint8Array): Buffer | null => {
  if (sealed.length < NONCE_OCTETS + TAG_OCTETS) return null;
  const end = sealed.length - TAG_OCTETS;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_OCTETS), { authTagLength: TAG_OCTETS });
  decipher.setAAD(context);
  decipher.setAuthTag(sealed.subarray(end));
  const plaintext = decipher.update(sealed.subarray(NONCE_OCTETS, end));
  try {
    decipher.final();
    return plaintext;
  } catch {
    return null;
  }
};
