import { contextConstructed, encodeIa5, encodeOid, encodeSequence, encodeTlv, TAG } from '../encoding/index.js';
import { encodeCertId, type OcspCertId } from './ocsp-cert-id.js';
import { OID } from './oids.js';

export interface OcspQuestion {
  readonly id: OcspCertId;
  /** Digits: whether the certificate still holds for this number (STIR draft, TNQuery); null: none is asked for. */
  readonly tn: string | null;
  /** 1 to 32 octets that nobody can foresee (RFC 9654). */
  readonly nonce: Uint8Array;
}

const extension = (oid: string, value: Uint8Array): Buffer => encodeSequence(encodeOid(oid), encodeTlv(TAG.octetString, value));

/** An unsigned OCSPRequest (RFC 6960 section 4.1) about one certificate. */
export const encodeOcspRequest = ({ id, tn, nonce }: OcspQuestion): Buffer => {
  const query = tn === null ? [] : [encodeTlv(contextConstructed(0), encodeSequence(extension(OID.ocspTnQuery, encodeIa5(tn))))];
  const request = encodeSequence(encodeCertId(id), ...query);
  const extensions = encodeSequence(extension(OID.ocspNonce, encodeTlv(TAG.octetString, nonce)));
  return encodeSequence(encodeSequence(encodeSequence(request), encodeTlv(contextConstructed(2), extensions)));
};
