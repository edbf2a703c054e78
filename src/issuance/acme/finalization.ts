import { z } from 'zod';
import { refuse } from '../../reasons/index.js';
import type { Accounts } from './accounts.js';
import { checkCa } from './challenge.js';
import type { CredentialDesk } from './credential-desk.js';
import type { CsrTemplate } from './csr-template.js';
import type { Issuing } from './issuing.js';
import type { AcmeLimits } from './limits.js';
import { defaultLifetime, validityOf } from './order-terms.js';
import type { Orders } from './orders.js';
import { payloadOf } from './payload.js';
import type { Account, Order } from './record.js';
import type { AcmeRecords } from './records.js';
import { judgeRequest } from './requested-certificate.js';

const finalize = z.object({ csr: z.string().max(32 * 1024) });

interface FinalizationParts {
  readonly records: AcmeRecords;
  readonly accounts: Accounts;
  readonly orders: Orders;
  readonly issuing: Issuing;
  readonly desk: CredentialDesk;
  readonly limits: AcmeLimits;
}

/** RFC 8555 section 7.4: from a ready order to its certificate. A request that is refused leaves the order ready for a better one. */
export class Finalization {
  readonly #parts: FinalizationParts;

  constructor(parts: FinalizationParts) {
    this.#parts = parts;
  }

  /**
   * @throws Refusal `order-not-ready`, `authority-token-ca`, `not-granted`, `delegation-unknown`, `validity-not-allowed`, as `judgeRequest` and the desk
   */
  finalize(accountId: string, id: string, payload: Uint8Array): Promise<Order> {
    const { csr } = payloadOf(payload, finalize);
    const { records, accounts, orders, issuing, desk, limits } = this.#parts;
    return records.alone(async () => {
      const account = accounts.active(accountId);
      const order = orders.order(accountId, id);
      if (orders.statusOf(order) !== 'ready') return refuse('order-not-ready');
      const template = await this.#templateOf(account, order);
      const { spki, ca } = judgeRequest(csr, { identifier: order.identifier, accountKey: account.key, template });
      // RFC 9448 section 6, last step. Under a delegation there is no authority token, and no template grants a CA.
      checkCa(records.state.authorizationOf(order)?.ca ?? false, ca);
      // Under renewal the key is certified again and again, and a CA would hand on what has been taken back.
      if (ca && order.autoRenewal !== null) return refuse('csr-extension-not-allowed', 'a CA under renewal');
      const lifetime = defaultLifetime(await desk.grantsOf(account.domain), limits);
      await issuing.issue({ order, domain: account.domain, spki, ca, ...validityOf(order, records.now(), lifetime) });
      return orders.order(accountId, id);
    });
  }

  async #templateOf(account: Account, order: Order): Promise<CsrTemplate | null> {
    if (order.delegation === null) return null;
    const delegations = await this.#parts.orders.delegationsOf(account.domain);
    const found = delegations.find(({ id }) => id === order.delegation) ?? refuse('delegation-unknown');
    return found.template.extensions.TNAuthList === order.identifier ? found.template : refuse('delegation-unknown', 'it was changed');
  }
}
