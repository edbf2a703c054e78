import { Refusal, Unavailable, refuse, type Reason } from '../../reasons/index.js';
import type { Issuing } from './issuing.js';
import type { IssuedCertificate, Order } from './record.js';
import type { AcmeRecords } from './records.js';

/** What one turn did; orders by id. */
export interface RenewalTurn {
  readonly renewed: readonly string[];
  readonly canceled: readonly string[];
  /** They stay as they are, and the next turn tries again. */
  readonly failed: ReadonlyArray<{ readonly order: string; readonly reason: Reason }>;
}

/** Reasons by which the provider's own decision ends a renewal: not granted any more, beyond the desk, delegated no longer, or over a key that is lost. */
const ENDING: ReadonlySet<Reason> = new Set<Reason>([
  'not-granted',
  'cert-revoked',
  'key-reuse',
  'not-encompassed',
  'tn-out-of-scope',
  'account-deactivated',
  'account-unknown',
  'delegation-unknown',
]);

/**
 * Renewal of RFC 8739. A certificate is followed at half of its life, so a credential is at hand all the time; and a renewal that ends leaves one that
 * dies within a lifetime. Nothing is issued ahead.
 */
export class AutoRenewals {
  readonly #records: AcmeRecords;
  readonly #issuing: Issuing;
  readonly #delegationStands: (order: Order, domain: string) => Promise<boolean>;

  constructor(records: AcmeRecords, issuing: Issuing, delegationStands: (order: Order, domain: string) => Promise<boolean>) {
    this.#records = records;
    this.#issuing = issuing;
    this.#delegationStands = delegationStands;
  }

  /** For a timer: renews what is due now, and cancels what the provider no longer grants. */
  async turn(): Promise<RenewalTurn> {
    const renewed: string[] = [];
    const canceled: string[] = [];
    const failed: Array<{ order: string; reason: Reason }> = [];
    for (const { id } of this.#records.state.renewing()) {
      try {
        if (await this.#records.alone(() => this.#renew(id))) renewed.push(id);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        if (error instanceof Unavailable || !ENDING.has(error.reason)) failed.push({ order: id, reason: error.reason });
        else {
          await this.#records.alone(() => this.#cancel(id));
          canceled.push(id);
        }
      }
    }
    return { renewed, canceled, failed };
  }

  async #renew(id: string): Promise<boolean> {
    const order = this.#records.state.order(id);
    const last = order === null ? null : this.#newest(order);
    if (order === null || last === null || order.canceled !== null || order.autoRenewal === null) return false;
    const { lifetime, end } = order.autoRenewal;
    const now = this.#records.now();
    // RFC 8739 section 3.3: the next one is there by half-life.
    if (now >= end || last.notAfter >= end || now < last.notBefore + Math.floor(lifetime / 2)) return false;
    const account = this.#records.state.account(order.account) ?? refuse('account-unknown');
    if (!account.active) return refuse('account-deactivated');
    // Two live at a time, over one key: who revoked either did not mean that key to be certified again.
    if (await this.#issuing.isRevoked(this.#records.state.certificatesOf(id))) return refuse('cert-revoked');
    if (!(await this.#delegationStands(order, account.domain))) return refuse('delegation-unknown');
    const notAfter = Math.min(now + lifetime, end);
    await this.#issuing.issue({ order, domain: account.domain, spki: last.spki, ca: false, notBefore: now, notAfter });
    return true;
  }

  async #cancel(id: string): Promise<void> {
    const order = this.#records.state.order(id);
    if (order === null || order.canceled !== null) return;
    await this.#records.record({ event: 'canceled', at: this.#records.now(), order: id, by: 'provider' });
  }

  #newest(order: Order): IssuedCertificate | null {
    return order.certificate === null ? null : this.#records.state.certificate(order.certificate);
  }

  /**
   * What star-certificate answers with (RFC 8739 section 3.3).
   * @throws Refusal `not-found`, `auto-renewal-canceled`, `auto-renewal-expired`
   */
  current(order: Order): IssuedCertificate {
    const newest = this.#newest(order);
    if (order.autoRenewal === null || newest === null) return refuse('not-found', 'certificate');
    if (order.canceled !== null) return refuse('auto-renewal-canceled');
    return order.autoRenewal.end <= this.#records.now() ? refuse('auto-renewal-expired') : newest;
  }
}
