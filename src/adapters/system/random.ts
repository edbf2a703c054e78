import { randomFillSync } from 'node:crypto';
import { pooled } from '../../encoding/index.js';
import type { RandomSource } from '../../ports/index.js';

/** The operating system's random octets. */
export const systemRandom: RandomSource = pooled(randomFillSync);
