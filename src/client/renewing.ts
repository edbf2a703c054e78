/** When a credential is good; seconds. */
export interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface RenewingParts {
  /** ms since 1970. */
  readonly now: () => number;
  /** Resolves after that time, or at once when the signal is given. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly renew: () => Promise<Validity>;
  /** A renewal that failed; it is tried again. */
  readonly onFailure: (error: unknown) => void;
}

/** Never longer at a stretch: a clock that steps, or a machine that slept, is noticed within the hour. */
const LONGEST_MS = 3_600_000;
const SOONEST_MS = 60_000;

/** ms: half of its life, when a credential under RFC 8739 has its follower too. */
export const dueAt = ({ notBefore, notAfter }: Validity): number => ((notBefore + notAfter) / 2) * 1000;

/** Twenty tries in what is left of the credential, and never more than one a minute. */
const pauseAfterFailure = ({ notAfter }: Validity, now: number): number =>
  Math.min(LONGEST_MS, Math.max(SOONEST_MS, (notAfter * 1000 - now) / 20));

/** Keeps a credential renewed until the signal is given. What fails is told and tried again; the credential in use stays as it is meanwhile. */
export const keepRenewed = async (current: Validity, parts: RenewingParts, signal: AbortSignal): Promise<void> => {
  let validity = current;
  let next = dueAt(validity);
  while (!signal.aborted) {
    const left = next - parts.now();
    if (left > 0) {
      await parts.wait(Math.min(left, LONGEST_MS), signal);
      continue;
    }
    try {
      validity = await parts.renew();
      next = dueAt(validity);
      // What is renewed and yet due would be asked for without end.
      if (next <= parts.now()) next = parts.now() + SOONEST_MS;
    } catch (error) {
      parts.onFailure(error);
      next = parts.now() + pauseAfterFailure(validity, parts.now());
    }
  }
};
