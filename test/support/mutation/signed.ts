import type { KeyObject } from 'node:crypto';
import { ECDSA_SHA256, bitString } from '../raw-certificate.js';
import { readHeader, tlvOf } from './der-tree.js';
import { signRepeatably } from './repeatable-signature.js';

/** The first, signed, part of a certificate, CRL or request; null where the octets have none. */
export const signedPartOf = (der: Buffer): Buffer | null => {
  const outer = readHeader(der, 0);
  const inner = outer === null ? null : readHeader(der, outer.content);
  if (outer === null || inner === null || outer.end > der.length || inner.end > outer.end) return null;
  return der.subarray(outer.content, inner.end);
};

/** The same signed part under a new ECDSA signature: what was changed inside is now vouched for. */
export const signedAnew = (der: Buffer, key: KeyObject): Buffer => {
  const tbs = signedPartOf(der);
  return tbs === null ? der : tlvOf(Buffer.of(0x30), tbs, ECDSA_SHA256, bitString(signRepeatably(tbs, key)));
};
