import { DerError, TAG, type Tlv } from '../encoding/index.js';

const ZERO = 0x30;
const Z = 0x5a;

/** Two decimal digits. */
const pair = (der: Uint8Array, at: number): number => {
  const tens = (der[at] ?? 0) - ZERO;
  const units = (der[at + 1] ?? 0) - ZERO;
  if (tens < 0 || tens > 9 || units < 0 || units > 9) throw new DerError('time');
  return tens * 10 + units;
};

/**
 * Seconds since 1970 of a Time. RFC 5280 section 4.1.2.5: seconds present, Z, no fraction; two-digit years from 50 on are 19xx.
 * GeneralizedTime for a year before 2050 is read as well: it has one meaning only.
 * @throws DerError
 */
export const readTime = (der: Uint8Array, tlv: Tlv): number => {
  const isUtc = tlv.tag === TAG.utcTime;
  if (!isUtc && tlv.tag !== TAG.generalizedTime) throw new DerError('time');
  if (tlv.end - tlv.content !== (isUtc ? 13 : 15) || der[tlv.end - 1] !== Z) throw new DerError('time');
  const at = isUtc ? tlv.content : tlv.content + 2;
  const short = pair(der, at);
  const year = isUtc ? (short < 50 ? 2000 : 1900) + short : pair(der, tlv.content) * 100 + short;
  const month = pair(der, at + 2);
  const day = pair(der, at + 4);
  const [hour, minute, second] = [pair(der, at + 6), pair(der, at + 8), pair(der, at + 10)];
  if (hour > 23 || minute > 59 || second > 59) throw new DerError('time');
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // February 30 would roll over into March.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) throw new DerError('time');
  return date.getTime() / 1000 + hour * 3600 + minute * 60 + second;
};
