import type { RandomSource } from '../../ports/index.js';
import { STATUS_LIMITS } from './limits.js';

/** Evenly between 0 and 1. */
const fraction = (random: RandomSource): number => {
  const octets = random(4);
  return Buffer.from(octets.buffer, octets.byteOffset, 4).readUInt32BE() / 2 ** 32;
};

/**
 * ms until a CRL is fetched again after it was: the interval, shortened by up to a tenth, so that many gateways do not come at once; or half to four
 * fifths of what is left of its life, where that is less: there is time for retries before it runs out.
 */
export const untilNext = (intervalMs: number, leftMs: number, random: RandomSource): number => {
  const share = fraction(random);
  return Math.max(STATUS_LIMITS.shortestMs, Math.min(intervalMs * (0.9 + 0.1 * share), leftMs * (0.5 + 0.3 * share)));
};

/** ms until the next attempt after so many failures in a row, half to all of the doubled time. */
export const untilRetry = (failures: number, random: RandomSource): number => {
  const { firstRetryMs, longestRetryMs } = STATUS_LIMITS;
  return Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(failures - 1, 20)) * (0.5 + 0.5 * fraction(random));
};
