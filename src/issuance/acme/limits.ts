/** What an ACME server allows; seconds where it is a time. */
export interface AcmeLimits {
  readonly orderLifetime: number;
  /** A credential's when the order names none: short enough to need no CRL (standards: profiles, "Revocation"). */
  readonly defaultLifetime: number;
  readonly maxLifetime: number;
  /** RFC 8739 section 3.2. */
  readonly minRenewalLifetime: number;
  /** Short, since nothing but time ends such a credential. */
  readonly maxRenewalLifetime: number;
  readonly maxRenewalDuration: number;
  readonly ordersPerHour: number;
  readonly pendingOrders: number;
  /** At the whole desk. */
  readonly accountsPerHour: number;
  readonly failedChallengesPerHour: number;
  /** New contacts and keys of one account: each is a line that stays. */
  readonly changesPerHour: number;
  /** Authority tokens for one AP. */
  readonly tokensPerHour: number;
}

const DAY = 86_400;

export const ACME_LIMITS: AcmeLimits = {
  orderLifetime: DAY,
  defaultLifetime: DAY,
  maxLifetime: 90 * DAY,
  minRenewalLifetime: 3600,
  maxRenewalLifetime: 7 * DAY,
  maxRenewalDuration: 365 * DAY,
  ordersPerHour: 100,
  pendingOrders: 20,
  accountsPerHour: 100,
  failedChallengesPerHour: 20,
  changesPerHour: 20,
  tokensPerHour: 200,
};

export const HOUR = 3600;
