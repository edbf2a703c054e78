import { DerError, TAG } from '../encoding/index.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const readUtf8 = (value: Uint8Array): string => {
  try {
    return utf8.decode(value);
  } catch {
    throw new DerError('UTF-8');
  }
};

const readAscii = (value: Uint8Array): string => {
  if (value.some((octet) => octet > 0x7f)) throw new DerError('ASCII');
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1');
};

const LAST_CHARACTER = 0x10ffff;

/** X.680 section 41: characters of two octets in a BMPString, of four in a UniversalString; half a pair of UTF-16 is none. */
const checkWide = (value: Uint8Array, width: 2 | 4): null => {
  if (value.length % width !== 0) throw new DerError('wide string');
  const octets = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  for (let at = 0; at < octets.length; at += width) {
    const character = octets.readUIntBE(at, width);
    if (character > LAST_CHARACTER || (character >= 0xd800 && character <= 0xdfff)) throw new DerError('wide string');
  }
  return null;
};

const asOctets = (): null => null;

const READERS = new Map<number, (value: Uint8Array) => string | null>([
  [TAG.utf8String, readUtf8],
  [TAG.printableString, readAscii],
  [TAG.ia5String, readAscii],
  [TAG.bmpString, (value) => checkWide(value, 2)],
  [TAG.universalString, (value) => checkWide(value, 4)],
  [TAG.teletexString, asOctets],
  [TAG.numericString, asOctets],
  [TAG.bitString, asOctets],
  [TAG.sequence, asOctets],
]);

/**
 * Text of a PrintableString, UTF8String or IA5String; null for the other types that attributes of names have (X.520: strings, the BIT STRING of
 * x500UniqueIdentifier, the SEQUENCE of postalAddress), which RFC 5280 section 7.1 lets compare as octets. With a value of any other type OpenSSL reads
 * no certificate: it would be accepted here alone.
 * @throws DerError
 */
export const readText = (tag: number, value: Uint8Array): string | null => {
  const read = READERS.get(tag);
  if (read === undefined) throw new DerError('value of an attribute');
  return read(value);
};

const latin1 = (value: Uint8Array): string => Buffer.from(value).toString('latin1');
const wideText = (value: Uint8Array, width: 2 | 4): string => {
  const octets = Buffer.from(value);
  const points = Array.from({ length: octets.length / width }, (_, i) => octets.readUIntBE(i * width, width));
  return points.map((point) => String.fromCodePoint(point)).join('');
};

const OTHER_STRINGS = new Map<number, (value: Uint8Array) => string>([
  [TAG.bmpString, (value) => wideText(value, 2)],
  [TAG.universalString, (value) => wideText(value, 4)],
  [TAG.teletexString, latin1],
  [TAG.numericString, latin1],
]);

/** As `readText`, of every type of string, as OpenSSL reads them: a TeletexString as Latin-1. @throws DerError */
export const readAnyText = (tag: number, value: Uint8Array): string | null =>
  readText(tag, value) ?? OTHER_STRINGS.get(tag)?.(value) ?? null;

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
