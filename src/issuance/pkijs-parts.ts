import * as pkijs from 'pkijs';
import type { Extension } from './extensions.js';

/** A view's own octets: asn1js takes a whole ArrayBuffer, and Buffers share one. */
export const copied = (octets: Uint8Array): ArrayBuffer => new Uint8Array(octets).buffer;

export const algorithm = (oid: string): pkijs.AlgorithmIdentifier => new pkijs.AlgorithmIdentifier({ algorithmId: oid });

/** RFC 5280 section 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050. */
export const time = (seconds: number): pkijs.Time => {
  const value = new Date(seconds * 1000);
  return new pkijs.Time({ type: value.getUTCFullYear() >= 2050 ? pkijs.TimeType.GeneralizedTime : pkijs.TimeType.UTCTime, value });
};

export const distinguishedName = (der: Uint8Array): pkijs.RelativeDistinguishedNames =>
  pkijs.RelativeDistinguishedNames.fromBER(copied(der));

export const extensionPart = ({ oid, critical, value }: Extension): pkijs.Extension =>
  new pkijs.Extension({ extnID: oid, critical, extnValue: copied(value) });

export const publicKey = (spki: Uint8Array): pkijs.PublicKeyInfo => pkijs.PublicKeyInfo.fromBER(copied(spki));
