/** What policy says about quotas (`quota` in gateway.yaml; docs/adr/0014). */
export interface QuotaTerms {
  readonly base: number;
  readonly factor: number;
  readonly contacts: number;
  readonly reachable: number;
  readonly epochHours: number;
  /** Part of the limit that may be asked at once. */
  readonly burst: number;
  /** Limits by which what was asked at once drains in an epoch. */
  readonly rate: number;
}

/** As `GET /v1/quota` tells it. */
export const FORMULA = 'base + floor(factor * reachable * (1 - exp(-mappings * contacts / reachable)))';

/** Distinct SIIs in an epoch for a client with so many SIIs mapped. */
export const limitFor = ({ base, factor, contacts, reachable }: QuotaTerms, mappings: number): number =>
  // expm1: of a few mappings among billions the plain difference would keep half its digits.
  base + Math.floor(-factor * reachable * Math.expm1((-mappings * contacts) / reachable));

export interface QuotaEpoch {
  /** ms; the first instant of the next epoch is `end`. */
  readonly start: number;
  readonly end: number;
}

export const epochAt = ({ epochHours }: QuotaTerms, now: number): QuotaEpoch => {
  const length = Math.round(epochHours * 3_600_000);
  const start = Math.floor(now / length) * length;
  return { start, end: start + length };
};

/** The bucket that bursts fill: its size in numbers, and how many drain in a millisecond. */
export const bucketFor = (terms: QuotaTerms, limit: number): { readonly size: number; readonly drain: number } => ({
  size: Math.max(terms.base, Math.floor(limit * terms.burst)),
  drain: (limit * terms.rate) / (terms.epochHours * 3_600_000),
});
