/** Octets of a buffer of their own: what WebCrypto takes. */
export type Octets = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const utf8 = (text: string): Octets => encoder.encode(text);

/** Null when the octets are not UTF-8. */
export const textOf = (octets: Uint8Array): string | null => {
  try {
    return decoder.decode(octets);
  } catch {
    return null;
  }
};

export const concat = (...parts: readonly Uint8Array[]): Octets => {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};

export const isEqual = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((octet, i) => octet === b[i]);

export const toHex = (octets: Uint8Array): string => [...octets].map((octet) => octet.toString(16).padStart(2, '0')).join('');

export const toBase64 = (octets: Uint8Array): string => btoa(String.fromCharCode(...octets));

export const toBase64url = (octets: Uint8Array): string => toBase64(octets).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

/** RFC 4648 section 4, padded, one spelling; null for anything else. */
export const fromBase64 = (text: string): Octets | null => {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return null;
  const octets = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  return toBase64(octets) === text ? octets : null;
};

/** RFC 4648 section 5, not padded, one spelling; null for anything else. */
export const fromBase64url = (text: string): Octets | null => {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return null;
  const padded = text.replaceAll('-', '+').replaceAll('_', '/') + '='.repeat((4 - (text.length % 4)) % 4);
  return fromBase64(padded);
};
