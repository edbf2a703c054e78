/**
 * A number of at most 15 digits as one that binary64 holds exactly: a 1 before its digits. Their order is that of length, then digits; what begins with
 * zeros stays apart from what does not.
 */
export const keyOf = (digits: string): number => firstKeyOf(digits.length) + Number(digits);

export const digitsOf = (key: number): string => String(key).slice(1);

/** Key of the first number of a length; that of the first beyond its last is twice as much. */
export const firstKeyOf = (length: number): number => POWERS[length] ?? Infinity;

const POWERS = Array.from({ length: 16 }, (_, i) => 10 ** i);
