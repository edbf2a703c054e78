import type { Reason } from '../../reasons/index.js';
import type { AccountKey } from './account-key.js';
import type { AutoRenewal } from './event.js';

/** One AP's account. Times here and below in seconds. */
export interface Account {
  readonly id: string;
  readonly key: AccountKey;
  /** The AP that it is bound to, for ever. */
  readonly domain: string;
  readonly contact: readonly string[];
  readonly active: boolean;
}

/** An order as it was left; `statusOfOrder` says what it is now. */
export interface Order {
  readonly id: string;
  readonly account: string;
  readonly createdAt: number;
  readonly expires: number;
  readonly identifier: string;
  readonly notBefore: number | null;
  readonly notAfter: number | null;
  readonly autoRenewal: AutoRenewal | null;
  readonly certificateGet: boolean;
  readonly delegation: string | null;
  readonly authorization: string | null;
  /** The newest. */
  readonly certificate: string | null;
  readonly canceled: 'account' | 'provider' | null;
}

export interface Authorization {
  readonly id: string;
  readonly order: string;
  readonly account: string;
  readonly identifier: string;
  readonly expires: number;
  readonly challenge: string;
  readonly state: 'pending' | 'valid' | 'invalid' | 'deactivated';
  readonly decidedAt: number | null;
  readonly error: { readonly reason: Reason; readonly detail: string | null } | null;
  /** Whether the authority token grants a CA. */
  readonly ca: boolean;
}

export interface IssuedCertificate {
  readonly id: string;
  readonly order: string;
  readonly account: string;
  readonly identifier: string;
  /** DER, end-entity or CA first, no anchor. */
  readonly path: readonly Buffer[];
  readonly serial: string;
  readonly spki: Buffer;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly revoked: boolean;
}

export type OrderStatus = 'pending' | 'ready' | 'valid' | 'invalid' | 'canceled';
export type AuthorizationStatus = Authorization['state'] | 'expired';

/** RFC 8555 section 7.1.6; what has run out needs no event. */
export const statusOfAuthorization = ({ state, expires }: Authorization, now: number): AuthorizationStatus => {
  if (state === 'pending' && expires <= now) return 'invalid';
  return state === 'valid' && expires <= now ? 'expired' : state;
};

/** RFC 8555 section 7.1.6 and RFC 8739 section 3.1.2. `authorization` null: under a delegation, where none is needed (RFC 9115 section 2.3.2). */
export const statusOfOrder = (order: Order, authorization: Authorization | null, now: number): OrderStatus => {
  if (order.canceled !== null) return 'canceled';
  if (order.certificate !== null) return 'valid';
  if (order.expires <= now) return 'invalid';
  if (authorization === null) return order.delegation === null ? 'invalid' : 'ready';
  const status = statusOfAuthorization(authorization, now);
  return status === 'valid' ? 'ready' : status === 'pending' ? 'pending' : 'invalid';
};
