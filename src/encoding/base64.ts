/** Strict base64url (RFC 7515 section 2: no padding) and strict base64 (RFC 4648 section 4: padded). */

const ALPHABET = /^[A-Za-z0-9+/]*={0,2}$/;
const URL_ALPHABET = /^[A-Za-z0-9_-]*$/;

/**
 * Octets of a base64url text, or null when it is not the one canonical spelling.
 * RFC 7515 section 2: no padding, white space or line breaks; unused trailing bits must be zero, or one PASSporT would have many spellings.
 */
export const decodeBase64url = (text: string): Buffer | null =>
  isBase64url(text) ? canonicalOrNull(text, Buffer.from(text, 'base64url')) : null;

/** `decodeBase64url` into a buffer of the caller's, long enough: what comes back is a view of it, good until it is written to again. */
export const decodeBase64urlInto = (target: Buffer, text: string): Buffer | null =>
  isBase64url(text) ? canonicalOrNull(text, target.subarray(0, target.write(text, 'base64url'))) : null;

const isBase64url = (text: string): boolean => text.length % 4 !== 1 && URL_ALPHABET.test(text);

const canonicalOrNull = (text: string, octets: Buffer): Buffer | null => {
  const rest = text.length % 4;
  if (rest === 0) return octets;
  const last = octets[octets.length - 1] as number;
  const tail = text.charCodeAt(text.length - 1);
  // Only the last character can carry unused bits: compare it with what encoding the last octets gives.
  const sixBits = rest === 2 ? (last & 0x03) << 4 : (last & 0x0f) << 2;
  return URL_CODES[sixBits] === tail ? octets : null;
};

const URL_CODES = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_', 'latin1');

export const encodeBase64url = (octets: Uint8Array): string =>
  Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('base64url');

/** Octets of a padded standard base64 text, or null when it is not the canonical spelling (RFC 4648 sections 3.5 and 4). */
export const decodeBase64 = (text: string): Buffer | null => {
  if (text.length % 4 !== 0 || !ALPHABET.test(text)) return null;
  const octets = Buffer.from(text, 'base64');
  if (!text.endsWith('=')) return octets;
  // Unused bits stand in the last character before the padding: compare the last group with what encoding gives.
  const rest = octets.length % 3;
  return octets.toString('base64', octets.length - rest) === text.slice(-4) ? octets : null;
};

export const encodeBase64 = (octets: Uint8Array): string =>
  Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('base64');
