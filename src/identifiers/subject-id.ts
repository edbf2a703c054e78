import { hmacSha256 } from '../encoding/index.js';

/**
 * The key of a subject in every store (DESIGN section 3): the first 16 octets of HMAC-SHA-256(pepper, canonical SII), as 16 latin1 characters.
 * Without the pepper nobody can list the numbers by hashing them all.
 */
export const subjectId = (pepper: Uint8Array, sii: string): string => hmacSha256(pepper, sii, 'binary').slice(0, 16);
