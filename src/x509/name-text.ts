import { DerError, TAG } from '../encoding/index.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text of a PrintableString, UTF8String or IA5String; null for other types, which RFC 5280 section 7.1 lets compare as octets. @throws DerError */
export const readText = (tag: number, value: Uint8Array): string | null => {
  if (tag === TAG.utf8String) {
    try {
      return utf8.decode(value);
    } catch {
      throw new DerError('UTF-8');
    }
  }
  if (tag !== TAG.printableString && tag !== TAG.ia5String) return null;
  if (value.some((octet) => octet > 0x7f)) throw new DerError('ASCII');
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1');
};

const PLAIN_ASCII = /^[\x20-\x7e]*$/;
/** RFC 4518 section 2.2: what means nothing in a comparison, and what is a space. */
const NOTHING = /(?![\t-\r\u0085])[\p{Cc}\p{Cf}\p{Variation_Selector}\u{34f}\u{1806}\u{fffc}]/gu;
const SPACES = /[\t-\r\u0085\p{Z}]+/gu;

/** RFC 5280 section 7.1 with RFC 4518: map, case fold, NFKC, and white space folded to one space, none at the ends. */
export const foldText = (text: string): string => {
  if (PLAIN_ASCII.test(text)) return text.toLowerCase().replace(/ +/g, ' ').trim();
  const folded = text.replace(NOTHING, '').normalize('NFKC').toLowerCase().replace(/ß/g, 'ss').replace(/ς/g, 'σ').normalize('NFKC');
  return folded.replace(SPACES, ' ').trim();
};
