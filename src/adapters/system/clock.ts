import type { Clock } from '../../ports/index.js';

/** The machine's clocks. Every other part is handed one. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
