import { DerError, TAG, contentOf, readChildren, readOid, wholeOf, type Tlv } from '../encoding/index.js';
import { readExplicit, readUtf8String } from './der-string.js';
import { DistinguishedName } from './distinguished-name.js';
import { OID } from './oids.js';

/**
 * GeneralName (RFC 5280 section 4.2.1.6). IA5 forms are text, as written; kinds that nothing here interprets keep their octets. The otherName
 * SmtpUTF8Mailbox (RFC 9598) is a kind of its own: text, as written, not held to its grammar.
 */
export type GeneralName =
  | { readonly kind: 'rfc822Name' | 'smtpUTF8Mailbox' | 'dNSName' | 'uniformResourceIdentifier'; readonly text: string }
  | { readonly kind: 'directoryName'; readonly name: DistinguishedName }
  | { readonly kind: 'iPAddress'; readonly octets: Uint8Array }
  | { readonly kind: 'otherName' | 'x400Address' | 'ediPartyName' | 'registeredID'; readonly octets: Uint8Array };

export type GeneralNameKind = GeneralName['kind'];

const ia5 = (der: Uint8Array, tlv: Tlv): string => {
  const octets = contentOf(der, tlv);
  if (octets.length === 0 || octets.some((octet) => octet > 0x7f)) throw new DerError('IA5String');
  return Buffer.from(octets).toString('latin1');
};

const readDirectoryName = (der: Uint8Array, tlv: Tlv): DistinguishedName => {
  // X.680 section 31.2.7: a tag on a CHOICE is explicit.
  const [name, more] = readChildren(der, tlv);
  if (name === undefined || more !== undefined) throw new DerError('directoryName');
  return DistinguishedName.read(der, name);
};

const readOtherName = (der: Uint8Array, tlv: Tlv): GeneralName => {
  const [type, value, more] = readChildren(der, tlv);
  if (type === undefined || value?.tag !== 0xa0 || more !== undefined) throw new DerError('otherName');
  if (readOid(der, type) !== OID.smtpUtf8Mailbox) return { kind: 'otherName', octets: wholeOf(der, tlv) };
  const text = readUtf8String(der, readExplicit(der, value, TAG.utf8String));
  // RFC 9598 appendix A: SIZE (1..MAX).
  if (text === '') throw new DerError('SmtpUTF8Mailbox');
  return { kind: 'smtpUTF8Mailbox', text };
};

/** @throws DerError */
export const readGeneralName = (der: Uint8Array, tlv: Tlv): GeneralName => {
  switch (tlv.tag) {
    case 0xa0:
      return readOtherName(der, tlv);
    case 0x81:
      return { kind: 'rfc822Name', text: ia5(der, tlv) };
    case 0x82:
      return { kind: 'dNSName', text: ia5(der, tlv) };
    case 0xa3:
      return { kind: 'x400Address', octets: wholeOf(der, tlv) };
    case 0xa4:
      return { kind: 'directoryName', name: readDirectoryName(der, tlv) };
    case 0xa5:
      return { kind: 'ediPartyName', octets: wholeOf(der, tlv) };
    case 0x86:
      return { kind: 'uniformResourceIdentifier', text: ia5(der, tlv) };
    case 0x87:
      return { kind: 'iPAddress', octets: contentOf(der, tlv) };
    case 0x88:
      return { kind: 'registeredID', octets: wholeOf(der, tlv) };
    default:
      throw new DerError('GeneralName');
  }
};

/** GeneralNames: SEQUENCE SIZE (1..MAX), also under an implicit tag. @throws DerError */
export const readGeneralNames = (der: Uint8Array, parent: Tlv, tag: number = TAG.sequence): GeneralName[] => {
  if (parent.tag !== tag || parent.content === parent.end) throw new DerError('GeneralNames');
  return readChildren(der, parent).map((tlv) => readGeneralName(der, tlv));
};
