import {
  DerError,
  TAG,
  checkCanonicalDer,
  contextConstructed,
  contextPrimitive,
  readChildren,
  readInteger,
  readWhole,
} from '../encoding/index.js';
import { readDistributionPointName, readNamedBits, type DistributionPointName } from './extension-values.js';

/** Extensions of a CRL, RFC 5280 section 5.2. */
export const CRL_EXTENSION = {
  cRLNumber: '2.5.29.20',
  deltaCRLIndicator: '2.5.29.27',
  issuingDistributionPoint: '2.5.29.28',
  authorityKeyIdentifier: '2.5.29.35',
} as const;

/** IssuingDistributionPoint, RFC 5280 section 5.2.5: what the CRL is about. */
export interface IssuingDistributionPoint {
  readonly name: DistributionPointName | null;
  readonly onlyUserCerts: boolean;
  readonly onlyCaCerts: boolean;
  readonly onlyAttributeCerts: boolean;
  /** ReasonFlags as a mask of 1 << n; null: all reasons. */
  readonly reasons: number | null;
  readonly indirect: boolean;
}

const NAME = contextConstructed(0);
const USER_CERTS = contextPrimitive(1);
const CA_CERTS = contextPrimitive(2);
const SOME_REASONS = contextPrimitive(3);
const INDIRECT = contextPrimitive(4);
const ATTRIBUTE_CERTS = contextPrimitive(5);
const ORDER = [NAME, USER_CERTS, CA_CERTS, SOME_REASONS, INDIRECT, ATTRIBUTE_CERTS];

/** @throws DerError */
export const readIssuingDistributionPoint = (value: Uint8Array): IssuingDistributionPoint => {
  checkCanonicalDer(value);
  const parts = readChildren(value, readWhole(value, TAG.sequence));
  // RFC 5280 section 5.2.5: never an empty sequence.
  if (parts.length === 0) throw new DerError('issuingDistributionPoint');
  const places = parts.map(({ tag }) => ORDER.indexOf(tag));
  if (places.some((place, i) => place === -1 || (i > 0 && place <= (places[i - 1] as number))))
    throw new DerError('issuingDistributionPoint');
  const find = (tag: number) => parts.find((part) => part.tag === tag);
  const flag = (tag: number): boolean => {
    const part = find(tag);
    // X.690 section 11.5: the default, FALSE, is not written.
    if (part !== undefined && (part.end - part.content !== 1 || value[part.content] !== 0xff))
      throw new DerError('issuingDistributionPoint');
    return part !== undefined;
  };
  const name = find(NAME);
  const reasons = find(SOME_REASONS);
  return {
    name: name === undefined ? null : readDistributionPointName(value, name),
    onlyUserCerts: flag(USER_CERTS),
    onlyCaCerts: flag(CA_CERTS),
    onlyAttributeCerts: flag(ATTRIBUTE_CERTS),
    reasons: reasons === undefined ? null : readNamedBits(value, reasons).bits,
    indirect: flag(INDIRECT),
  };
};

/** RFC 5280 section 5.2.3: up to 20 octets, never negative. @throws DerError */
export const readCrlNumber = (value: Uint8Array): bigint => {
  const tlv = readWhole(value, TAG.integer);
  const number = readInteger(value, tlv);
  if (number < 0n || tlv.end - tlv.content > 20) throw new DerError('cRLNumber');
  return number;
};
