import { hash } from 'node:crypto';

export const HASH_SIZE = 32;

/**
 * SHA-256, 32 octets.
 * The one-shot digest as a latin1 string and back is three times as fast as asking for a Buffer, which allocates outside the heap [measured: 0.6 against 1.8 us].
 */
export const sha256 = (octets: Uint8Array): Buffer => Buffer.from(hash('sha256', octets, 'binary'), 'latin1');

/** SHA-256 in base64url without padding, 43 characters. */
export const sha256Base64url = (octets: Uint8Array): string => hash('sha256', octets, 'base64url');

export const isHash = (value: unknown): value is Uint8Array => value instanceof Uint8Array && value.length === HASH_SIZE;

export const equalOctets = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && Buffer.compare(a, b) === 0;
