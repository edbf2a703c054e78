import { LIMITS } from './limits.js';

/**
 * The JSON text with spaces behind it up to the next multiple of `step` octets, 2 KiB if not said (DESIGN section 7): a hit, a miss and an SII of another DP have one size.
 * RFC 8259 section 2 allows white space after the value. A text, not octets: Node sends a text and its header fields in one TLS record.
 */
export const padJson = (text: string, step: number = LIMITS.paddingBytes): string => {
  const size = Buffer.byteLength(text);
  const padded = Math.max(1, Math.ceil(size / step)) * step;
  return text + ' '.repeat(padded - size);
};
