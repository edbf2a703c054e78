export interface Clock {
  /** Wall clock, ms since 1970. May step; callers that need order keep their own floor. */
  now(): number;
  /** ms on a clock that never steps: for durations. */
  monotonic(): number;
}

/** Random octets of cryptographic quality; injected so that tests can replay a run. */
export type RandomSource = (octets: number) => Uint8Array;
