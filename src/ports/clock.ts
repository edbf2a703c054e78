export interface Clock {
  /** Wall clock, ms since 1970. May step; callers that need order keep their own floor. */
  now(): number;
  /** ms on a clock that never steps: for durations. */
  monotonic(): number;
}

/** Random octets of cryptographic quality; injected so that tests can replay a run. */
export type RandomSource = (octets: number) => Uint8Array;

/** Runs the task again and again, `ms` after it has ended, never twice at once. The returned function ends it and waits for the last run. */
export type Timer = (ms: number, task: () => Promise<void>) => () => Promise<void>;

/**
 * Calls `wake` once so many ms are over: never sooner, and as exactly as the machine can, whatever work is done meanwhile and however long it
 * takes. A wait takes the place of the one before it. `end`: nobody is woken any more.
 */
export type Waker = (wake: () => void) => { after(ms: number): void; end(): Promise<void> };
