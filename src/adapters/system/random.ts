import { randomBytes } from 'node:crypto';
import type { RandomSource } from '../../ports/index.js';

/** The operating system's random octets. */
export const systemRandom: RandomSource = (octets) => randomBytes(octets);
