import { refuse } from '../../reasons/index.js';
import type { PassportClaims } from '../../passport/index.js';
import type { GatewayPolicy } from '../../policy/index.js';
import type { Evidence, Step } from '../step.js';

/** Seconds that a signer's clock may be ahead (standards: profiles, "Claims"). */
const AHEAD = 30;

const lifetimeOf = ({ passport }: GatewayPolicy, provider: string | null): number =>
  provider !== null && Object.hasOwn(passport.providers, provider)
    ? (passport.providers[provider] ?? passport.lifetimeSeconds)
    : passport.lifetimeSeconds;

/** Whether now (seconds) is between iat and exp, and exp within the lifetime. @throws Refusal `future-iat`, `bad-exp`, `expired-token` */
export const checkTimes = ({ iat, exp, provider }: PassportClaims, at: number, policy: GatewayPolicy): Evidence => {
  const lifetime = lifetimeOf(policy, provider);
  if (iat > at + AHEAD) return refuse('future-iat');
  if (exp <= iat || exp > iat + lifetime) return refuse('bad-exp');
  if (exp <= at) return refuse('expired-token');
  return { iat, exp, at, lifetime };
};

export const checkFreshness: Step = {
  name: 'check-freshness',
  clause: 'RFC 7519 section 4.1.4',
  asks: 'is now between iat and exp, and exp within the lifetime?',
  refuses: ['future-iat', 'bad-exp', 'expired-token'],
  run: ({ claims, at }, { policy }) => checkTimes(claims, at, policy),
};
