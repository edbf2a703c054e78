import { DerError, TAG, encodeOid, readOid, type Tlv } from '../encoding/index.js';
import { OID } from './oids.js';

const octetsOf = (der: Uint8Array, from: number, to: number): string => {
  let octets = '';
  for (let i = from; i < to; i += 1) octets += String.fromCharCode(der[i] ?? 0);
  return octets;
};

const ATTRIBUTE_TYPES = ['2.5.4.3', '2.5.4.5', '2.5.4.6', '2.5.4.7', '2.5.4.8', '2.5.4.9', '2.5.4.10', '2.5.4.11', '2.5.4.12', '2.5.4.97'];

/** By the content octets of their DER. */
const KNOWN: ReadonlyMap<string, string> = new Map(
  [...Object.values(OID), ...ATTRIBUTE_TYPES].map((dotted) => {
    const der = encodeOid(dotted);
    return [octetsOf(der, 2, der.length), dotted];
  }),
);

/** The longest of the known ones. */
const MAX_KNOWN = 10;

/** As `readOid`, without its arithmetic for the identifiers that nearly every certificate is made of. @throws DerError */
export const readKnownOid = (der: Uint8Array, tlv: Tlv): string => {
  if (tlv.tag !== TAG.oid) throw new DerError('tag');
  const known = tlv.end - tlv.content <= MAX_KNOWN ? KNOWN.get(octetsOf(der, tlv.content, tlv.end)) : undefined;
  return known ?? readOid(der, tlv);
};
