import type { QuotaStanding } from '../gateway/use-cases.js';

/**
 * RateLimit-Policy and RateLimit of draft-ietf-httpapi-ratelimit-headers-10: structured fields; `q` numbers, `w` and `t` seconds, `r` numbers left.
 * They tell a caller of its own use alone: a hit and a miss move them alike.
 */
export const quotaFields = ({ limit, remaining, reset, epoch, bucket, terms }: QuotaStanding): string[] => {
  const window = Math.round((epoch.end - epoch.start) / 1000);
  const drained = limit === 0 ? window : Math.ceil((bucket / (limit * terms.rate)) * window);
  return [
    'RateLimit-Policy',
    `"epoch";q=${limit};w=${window}, "burst";q=${bucket};w=${drained}`,
    'RateLimit',
    `"epoch";r=${remaining};t=${reset}`,
  ];
};
