import { z } from 'zod';
import { refuse } from '../../reasons/index.js';
import type { Accounts } from './accounts.js';
import type { CredentialDesk } from './credential-desk.js';
import type { Delegation, Delegations } from './csr-template.js';
import { checkOrderable, identifiersShape, orderedValue, parseTnValue } from './identifier.js';
import { HOUR, type AcmeLimits } from './limits.js';
import { checkRate, payloadOf } from './payload.js';
import { reachOf, renewalShape, termsOf, type OrderTerms } from './order-terms.js';
import { statusOfAuthorization, statusOfOrder, type Account, type Authorization, type Order } from './record.js';
import type { AcmeRecords } from './records.js';
import type { AcmeUrls } from './urls.js';

const newOrder = z.object({
  identifiers: identifiersShape,
  notBefore: z.string().optional(),
  notAfter: z.string().optional(),
  'auto-renewal': renewalShape.optional(),
  'allow-certificate-get': z.boolean().optional(),
  delegation: z.string().optional(),
});
type NewOrder = z.infer<typeof newOrder>;

const orderUpdate = z.object({ status: z.literal('canceled') });
const authorizationUpdate = z.object({ status: z.literal('deactivated') });

interface OrderParts {
  readonly records: AcmeRecords;
  readonly accounts: Accounts;
  readonly desk: CredentialDesk;
  readonly delegations: Delegations;
  readonly urls: AcmeUrls;
  readonly limits: AcmeLimits;
}

/** Orders and authorizations of RFC 8555 section 7.4 and 7.5, with RFC 8739 and RFC 9115. */
export class Orders {
  readonly #parts: OrderParts;

  constructor(parts: OrderParts) {
    this.#parts = parts;
  }

  /**
   * @throws Refusal `malformed-request`, `rate-limited`, `identifier-not-supported`, `identifier-malformed`, `not-granted`, `validity-not-allowed`,
   * `delegation-unknown`, `account-deactivated`
   */
  create(accountId: string, payload: Uint8Array): Promise<Order> {
    const asked = payloadOf(payload, newOrder);
    const { records, accounts } = this.#parts;
    return records.alone(async () => {
      const account = accounts.active(accountId);
      const at = records.now();
      this.#checkRates(account, at);
      const grants = await this.#parts.desk.grantsOf(account.domain);
      const terms = termsOf(asked, at, this.#parts.limits);
      const reach = reachOf(terms, at);
      const wanted = reach === null ? { ca: false } : { ca: false, lifetime: reach };
      const identifier = orderedValue(asked.identifiers, (value) => checkOrderable(grants, parseTnValue(value), wanted));
      const delegation = await this.#delegationFor(account, asked, identifier);
      return await this.#add(account, identifier, terms, delegation, at);
    });
  }

  async #add(account: Account, identifier: string, terms: OrderTerms, delegation: Delegation | null, at: number): Promise<Order> {
    const { records, limits } = this.#parts;
    const id = records.newId();
    await records.record({
      event: 'order',
      at,
      id,
      account: account.id,
      identifier,
      expires: at + limits.orderLifetime,
      ...terms,
      delegation: delegation?.id ?? null,
      authorization: delegation === null ? { id: records.newId(), challenge: records.newId() } : null,
    });
    return records.state.order(id) ?? refuse('internal-error');
  }

  #checkRates(account: Account, now: number): void {
    const { records, limits } = this.#parts;
    const orders = records.state.ordersOf(account.id);
    const recent = orders.filter(({ createdAt }) => createdAt > now - HOUR).map(({ createdAt }) => createdAt);
    checkRate(recent, limits.ordersPerHour, now, 'orders');
    const open = orders.filter((order) => ['pending', 'ready'].includes(this.statusOf(order))).map(({ createdAt }) => createdAt);
    checkRate(open, limits.pendingOrders, now, 'pending orders');
  }

  async #delegationFor({ domain }: Account, { delegation: url }: NewOrder, identifier: string): Promise<Delegation | null> {
    if (url === undefined) return null;
    const id = this.#parts.urls.delegationOf(url);
    const found = (await this.delegationsOf(domain)).find((one) => one.id === id);
    if (found === undefined) return refuse('delegation-unknown');
    // RFC 9115 section 5.2: the template says which TNAuthList may be ordered under it.
    return found.template.extensions.TNAuthList === identifier ? found : refuse('not-granted', 'TNAuthList of the delegation');
  }

  delegationsOf(domain: string): Promise<readonly Delegation[]> {
    return this.#parts.delegations.of(domain);
  }

  statusOf(order: Order): ReturnType<typeof statusOfOrder> {
    const { records } = this.#parts;
    return statusOfOrder(order, records.state.authorizationOf(order), records.now());
  }

  /** An order of this account. @throws Refusal `not-found`, `account-mismatch` */
  order(account: string, id: string): Order {
    const order = this.#parts.records.state.order(id) ?? refuse('not-found', 'order');
    return order.account === account ? order : refuse('account-mismatch', 'order');
  }

  /** @throws Refusal `not-found`, `account-mismatch` */
  authorization(account: string, id: string): Authorization {
    const authorization = this.#parts.records.state.authorization(id) ?? refuse('not-found', 'authorization');
    return authorization.account === account ? authorization : refuse('account-mismatch', 'authorization');
  }

  /**
   * RFC 8739 section 3.1.2: ends the renewal; what was issued last dies with its lifetime.
   * @throws Refusal `malformed-request`, `auto-renewal-cancellation`, `not-found`, `account-mismatch`
   */
  cancel(account: string, id: string, payload: Uint8Array): Promise<Order> {
    payloadOf(payload, orderUpdate);
    const { records } = this.#parts;
    return records.alone(async () => {
      const order = this.order(account, id);
      if (order.autoRenewal === null || this.statusOf(order) !== 'valid') return refuse('auto-renewal-cancellation');
      await records.record({ event: 'canceled', at: records.now(), order: id, by: 'account' });
      return this.order(account, id);
    });
  }

  /** RFC 8555 section 7.5.2. @throws Refusal `malformed-request`, `authorization-closed`, `not-found`, `account-mismatch` */
  deactivate(account: string, id: string, payload: Uint8Array): Promise<Authorization> {
    payloadOf(payload, authorizationUpdate);
    const { records } = this.#parts;
    return records.alone(async () => {
      const status = statusOfAuthorization(this.authorization(account, id), records.now());
      if (status !== 'pending' && status !== 'valid') return refuse('authorization-closed');
      await records.record({ event: 'relinquished', at: records.now(), authorization: id });
      return this.authorization(account, id);
    });
  }
}
