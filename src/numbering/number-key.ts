/**
 * A number of at most 15 digits as one that binary64 holds exactly: a 1 before its digits. Their order is that of length, then digits; what begins with
 * zeros stays apart from what does not. NaN, which is no row's: what is not digits. Not `Number`, which takes twice as long and reads more than digits.
 */
export const keyOf = (digits: string): number => {
  let key = 1;
  for (let i = 0; i < digits.length; i += 1) {
    const digit = digits.charCodeAt(i) - ZERO;
    if (digit < 0 || digit > 9) return NaN;
    key = key * 10 + digit;
  }
  return key;
};

export const digitsOf = (key: number): string => String(key).slice(1);

/** Key of the first number of a length; that of the first beyond its last is twice as much. */
export const firstKeyOf = (length: number): number => POWERS[length] ?? Infinity;

const ZERO = 0x30;

const POWERS = Array.from({ length: 16 }, (_, i) => 10 ** i);
