import * as pkijs from 'pkijs';
import type { Extension } from './extensions.js';

/** A view's own octets: asn1js takes a whole ArrayBuffer, and Buffers share one. */
export const copied = (octets: Uint8Array): ArrayBuffer => new Uint8Array(octets).buffer;

export const distinguishedName = (der: Uint8Array): pkijs.RelativeDistinguishedNames =>
  pkijs.RelativeDistinguishedNames.fromBER(copied(der));

export const extensionPart = ({ oid, critical, value }: Extension): pkijs.Extension =>
  new pkijs.Extension({ extnID: oid, critical, extnValue: copied(value) });

export const publicKey = (spki: Uint8Array): pkijs.PublicKeyInfo => pkijs.PublicKeyInfo.fromBER(copied(spki));
