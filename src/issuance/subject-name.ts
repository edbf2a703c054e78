import { encodeOid, encodeSequence, encodeTlv, encodeUtf8, TAG } from '../encoding/index.js';
import { OID } from './object-identifiers.js';

/** The attributes that the desk's subjects have, in the order of the SHAKEN profile. */
export interface SubjectAttributes {
  /** ISO 3166-1 alpha-2. */
  readonly country?: string;
  readonly organization?: string;
  readonly commonName: string;
}

/** RFC 5280 section 4.1.2.4: each attribute in a set of its own; countryName is a PrintableString. */
const attribute = (oid: string, value: Buffer): Buffer => encodeTlv(TAG.set, encodeSequence(encodeOid(oid), value));

/**
 * DER of an RDNSequence. Written here because pkijs 4.0 emits a fresh name as one multi-valued, unsorted RDN;
 * it re-emits a decoded one as it was.
 */
export const subjectName = ({ country, organization, commonName }: SubjectAttributes): Buffer =>
  encodeSequence(
    ...(country === undefined ? [] : [attribute(OID.countryName, encodeTlv(TAG.printableString, Buffer.from(country, 'latin1')))]),
    ...(organization === undefined ? [] : [attribute(OID.organizationName, encodeUtf8(organization))]),
    attribute(OID.commonName, encodeUtf8(commonName)),
  );
