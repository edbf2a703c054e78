/** Zones 1 and 7 are codes themselves; these have two digits, and all others three. No code begins another. */
const TWO_DIGITS = new Set(
  '20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98'.split(
    ' ',
  ),
);

/**
 * Where a canonical SII is: the country calling code of a number (ITU-T E.164 section 6.1), `mail` for a mailbox. Whether the code is assigned is not asked.
 */
export const areaOf = (sii: string): string => {
  if (!sii.startsWith('tel:+')) return 'mail';
  const digits = sii.slice('tel:+'.length);
  if (digits.startsWith('1') || digits.startsWith('7')) return digits.slice(0, 1);
  return digits.slice(0, TWO_DIGITS.has(digits.slice(0, 2)) ? 2 : 3);
};
