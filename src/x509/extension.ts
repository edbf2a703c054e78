import { DerError, TAG, contentOf, readBoolean, readChildren, type Tlv } from '../encoding/index.js';
import { readKnownOid } from './known-oid.js';

/** One extension: `value` is what its OCTET STRING holds. */
export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** Extension (RFC 5280 section 4.1), of certificates, CRLs and CRL entries. @throws DerError */
export const readExtension = (der: Uint8Array, tlv: Tlv): Extension => {
  const parts = readChildren(der, tlv);
  const [oid, second] = parts;
  const value = parts.at(-1);
  if (tlv.tag !== TAG.sequence || oid === undefined || second === undefined || value?.tag !== TAG.octetString)
    throw new DerError('Extension');
  if (parts.length !== 2 && parts.length !== 3) throw new DerError('Extension');
  const critical = parts.length === 3 && readBoolean(der, second);
  return { oid: readKnownOid(der, oid), critical, value: contentOf(der, value) };
};
