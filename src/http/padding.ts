import { LIMITS } from './limits.js';

/**
 * The JSON text with spaces behind it up to the next multiple of 2 KiB (DESIGN section 7): a hit, a miss and an SII of another DP have one size.
 * RFC 8259 section 2 allows white space after the value.
 */
export const padJson = (text: string): Buffer => {
  const size = Buffer.byteLength(text);
  const padded = Buffer.alloc(Math.max(1, Math.ceil(size / LIMITS.paddingBytes)) * LIMITS.paddingBytes, 0x20);
  padded.write(text);
  return padded;
};
