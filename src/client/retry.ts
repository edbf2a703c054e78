import { setTimeout as wait } from 'node:timers/promises';
import { ApiUnavailable, NoAnswer } from './api-refusal.js';

export interface Patience {
  /** Attempts in all; 1 = never again. */
  readonly attempts: number;
  /** Milliseconds that all waiting together may take. */
  readonly total: number;
}

export const DEFAULT_PATIENCE: Patience = { attempts: 5, total: 15_000 };

/**
 * Repeats what is safe to repeat: after no answer, and after 502 and 503, no sooner than Retry-After asks.
 * Safe for every call of this API: reads change nothing, a PASSporT has one effect however often it is presented (DESIGN section 2,
 * promise 4), and to give up a mapping that is gone is a yes. Never repeats a refusal.
 */
export const persist = async <T>(patience: Patience, attempt: () => Promise<T>): Promise<T> => {
  let left = patience.total;
  for (let made = 1; ; made += 1) {
    try {
      return await attempt();
    } catch (error) {
      const pause = pauseAfter(error, made);
      if (pause === null || made >= patience.attempts || pause > left) throw error;
      left -= pause;
      await wait(pause);
    }
  }
};

/** Milliseconds to wait before the next attempt, or null when there must be none. */
export const pauseAfter = (error: unknown, made: number): number | null => {
  if (error instanceof ApiUnavailable) return Math.max((error.retryAfter ?? 0) * 1000, backOff(made));
  if (error instanceof NoAnswer && error.mayRetry) return backOff(made);
  return null;
};

/** 100 ms doubled each time, up to half of it at random, so that clients that failed together do not come back together. */
const backOff = (made: number): number => 100 * 2 ** (made - 1) * (0.75 + Math.random() / 2);
