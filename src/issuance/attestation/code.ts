import { timingSafeEqual } from 'node:crypto';
import type { RandomSource } from '../../ports/index.js';

/** What a code is: 8 digits. Five attempts at 10^8 codes: one guess in twenty million. */
export const CODE = /^[0-9]{8}$/;

const CODES = 10 ** 8;
/** The largest multiple of 10^8 that 32 bits hold: what lies above would make the low codes likelier. */
const FAIR = 42 * CODES;

/** Eight digits, each code as likely as any other. */
export const newCode = (random: RandomSource): string => {
  for (;;) {
    const number = Buffer.from(random(4)).readUInt32BE();
    if (number < FAIR) return String(number % CODES).padStart(8, '0');
  }
};

/** Takes as long for a code that is wrong in its first digit as for one wrong in its last. */
export const isSameCode = (sent: string, given: string): boolean =>
  CODE.test(given) && timingSafeEqual(Buffer.from(sent, 'latin1'), Buffer.from(given, 'latin1'));
