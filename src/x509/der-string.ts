import { DerError, TAG, contentOf, readTlv, type Tlv } from '../encoding/index.js';

/** A tag in a module of EXPLICIT TAGS (RFC 8226 appendix A): it holds exactly one TLV, of type `tag`. @throws DerError */
export const readExplicit = (der: Uint8Array, tagged: Tlv, tag: number): Tlv => {
  const inner = readTlv(der, tagged.content, tagged.end);
  if (inner.tag !== tag || inner.end !== tagged.end) throw new DerError('explicit tag');
  return inner;
};

/** X.680 section 41: IA5String is the 128 characters of ASCII. @throws DerError */
export const readIa5String = (der: Uint8Array, tlv: Tlv): string => {
  if (tlv.tag !== TAG.ia5String) throw new DerError('tag');
  let text = '';
  for (let i = tlv.content; i < tlv.end; i += 1) {
    const octet = der[i] as number;
    if (octet > 0x7f) throw new DerError('IA5String');
    text += String.fromCharCode(octet);
  }
  return text;
};

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws DerError */
export const readUtf8String = (der: Uint8Array, tlv: Tlv): string => {
  if (tlv.tag !== TAG.utf8String) throw new DerError('tag');
  try {
    return utf8.decode(contentOf(der, tlv));
  } catch {
    throw new DerError('UTF8String');
  }
};
