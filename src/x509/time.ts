import { DerError, TAG, contentOf, type Tlv } from '../encoding/index.js';

const UTC_TIME = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
const GENERALIZED_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;

/**
 * Seconds since 1970 of a Time. RFC 5280 section 4.1.2.5: seconds present, Z, no fraction; two-digit years from 50 on are 19xx.
 * GeneralizedTime for a year before 2050 is read as well: it has one meaning only.
 * @throws DerError
 */
export const readTime = (der: Uint8Array, tlv: Tlv): number => {
  if (tlv.tag !== TAG.utcTime && tlv.tag !== TAG.generalizedTime) throw new DerError('time');
  const text = Buffer.from(contentOf(der, tlv)).toString('latin1');
  const match = (tlv.tag === TAG.utcTime ? UTC_TIME : GENERALIZED_TIME).exec(text);
  if (match === null) throw new DerError('time');
  const [written = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  const year = tlv.tag === TAG.generalizedTime ? written : written < 50 ? 2000 + written : 1900 + written;
  if (hour > 23 || minute > 59 || second > 59) throw new DerError('time');
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) throw new DerError('time');
  date.setUTCHours(hour, minute, second);
  return date.getTime() / 1000;
};
