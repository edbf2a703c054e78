import { encodeBase64url, decodeBase64 } from '../../encoding/index.js';
import { parseAccountKey, thumbprintOf } from './account-key.js';
import type { AcmeEvent, EventOf } from './event.js';
import { HOUR } from './limits.js';
import type { Account, Authorization, IssuedCertificate, Order } from './record.js';

const bytes = (base64: string): Buffer => decodeBase64(base64) ?? Buffer.alloc(0);

/** When something happened in the last hour, by account or AP: what the limits count. */
class Times {
  readonly #times = new Map<string, number[]>();

  add(account: string, at: number): void {
    this.#times.set(account, [...this.since(account, at - HOUR), at]);
  }

  since(account: string, from: number): readonly number[] {
    return (this.#times.get(account) ?? []).filter((at) => at > from);
  }
}

/** Everything an ACME server knows: a fold of its events. The same events give the same state, after a restart as before it. */
export class AcmeState {
  readonly #accounts = new Map<string, Account>();
  readonly #accountOfKey = new Map<string, string>();
  readonly #bindings = new Set<string>();
  readonly #orders = new Map<string, Order>();
  readonly #ordersOf = new Map<string, string[]>();
  readonly #authorizations = new Map<string, Authorization>();
  readonly #certificates = new Map<string, IssuedCertificate>();
  readonly #certificatesOf = new Map<string, string[]>();
  readonly #certificateOfSerial = new Map<string, string>();
  /** Authority tokens that were used, and until when each could be used again. */
  readonly #spent = new Map<string, number>();
  readonly #failures = new Times();
  readonly #changes = new Times();
  readonly #tokens = new Times();
  readonly #accountTimes: number[] = [];

  account = (id: string): Account | null => this.#accounts.get(id) ?? null;
  order = (id: string): Order | null => this.#orders.get(id) ?? null;
  authorization = (id: string): Authorization | null => this.#authorizations.get(id) ?? null;
  certificate = (id: string): IssuedCertificate | null => this.#certificates.get(id) ?? null;

  accountOfKey(thumbprint: string): Account | null {
    const id = this.#accountOfKey.get(thumbprint);
    return id === undefined ? null : this.account(id);
  }

  isBindingUsed(kid: string): boolean {
    return this.#bindings.has(kid);
  }

  /** Oldest first. */
  ordersOf(account: string): readonly Order[] {
    return (this.#ordersOf.get(account) ?? []).flatMap((id) => this.#orders.get(id) ?? []);
  }

  /** Orders that a turn of the timer has to look at: issued under renewal and not canceled. */
  renewing(): readonly Order[] {
    return [...this.#orders.values()].filter(
      (order) => order.autoRenewal !== null && order.certificate !== null && order.canceled === null,
    );
  }

  authorizationOf(order: Order): Authorization | null {
    return order.authorization === null ? null : this.authorization(order.authorization);
  }

  authorizationsOf(account: string): readonly Authorization[] {
    return this.ordersOf(account).flatMap((order) => this.authorizationOf(order) ?? []);
  }

  /** All that an order ever came to, oldest first. */
  certificatesOf(order: string): readonly IssuedCertificate[] {
    return (this.#certificatesOf.get(order) ?? []).flatMap((id) => this.certificate(id) ?? []);
  }

  certificateOfSerial(serial: string): IssuedCertificate | null {
    const id = this.#certificateOfSerial.get(serial);
    return id === undefined ? null : this.certificate(id);
  }

  isSpent(token: string): boolean {
    return this.#spent.has(token);
  }

  /** Times of refused challenges after `from`. */
  failuresOf(account: string, from: number): readonly number[] {
    return this.#failures.since(account, from);
  }

  /** Times of new contacts and keys after `from`. */
  changesOf(account: string, from: number): readonly number[] {
    return this.#changes.since(account, from);
  }

  /** Times of authority tokens for an AP after `from`. */
  tokensOf(domain: string, from: number): readonly number[] {
    return this.#tokens.since(domain, from);
  }

  accountsSince(from: number): readonly number[] {
    return this.#accountTimes.filter((at) => at > from);
  }

  apply(event: AcmeEvent): void {
    switch (event.event) {
      case 'account':
        return this.#addAccount(event);
      case 'contact':
        this.#changes.add(event.account, event.at);
        return this.#change(this.#accounts, event.account, { contact: event.contact });
      case 'deactivated':
        return this.#change(this.#accounts, event.account, { active: false });
      case 'key-changed':
        return this.#changeKey(event);
      case 'order':
        return this.#addOrder(event);
      case 'authorized':
        this.#forgetSpent(event.at);
        this.#spent.set(event.spent, event.spentUntil);
        return this.#change(this.#authorizations, event.authorization, { state: 'valid', ca: event.ca, decidedAt: event.at });
      case 'refused':
        return this.#refuse(event);
      case 'relinquished':
        return this.#change(this.#authorizations, event.authorization, { state: 'deactivated' });
      case 'issued':
        return this.#addCertificate(event);
      case 'canceled':
        return this.#change(this.#orders, event.order, { canceled: event.by });
      case 'revoked':
        return this.#change(this.#certificates, event.certificate, { revoked: true });
      case 'authority-token':
        return this.#tokens.add(event.domain, event.at);
    }
  }

  #change<T>(table: Map<string, T>, id: string, members: Partial<T>): void {
    const known = table.get(id);
    if (known === undefined) throw new Error('the ACME journal names what it never made');
    table.set(id, { ...known, ...members });
  }

  #addAccount({ id, jwk, domain, kid, contact, at }: EventOf<'account'>): void {
    const key = parseAccountKey({ ...jwk });
    this.#accounts.set(id, { id, key, domain, contact, active: true });
    this.#accountOfKey.set(thumbprintOf(key), id);
    this.#bindings.add(kid);
    this.#accountTimes.push(at);
  }

  #changeKey({ account, jwk, at }: EventOf<'key-changed'>): void {
    this.#changes.add(account, at);
    const before = this.account(account);
    const key = parseAccountKey({ ...jwk });
    this.#change(this.#accounts, account, { key });
    if (before !== null) this.#accountOfKey.delete(thumbprintOf(before.key));
    this.#accountOfKey.set(thumbprintOf(key), account);
  }

  #addOrder(order: EventOf<'order'>): void {
    const { authorization } = order;
    this.#orders.set(order.id, {
      ...order,
      createdAt: order.at,
      authorization: authorization?.id ?? null,
      certificate: null,
      canceled: null,
    });
    const known = this.#ordersOf.get(order.account);
    if (known === undefined) this.#ordersOf.set(order.account, [order.id]);
    else known.push(order.id);
    if (authorization === null) return;
    this.#authorizations.set(authorization.id, {
      id: authorization.id,
      order: order.id,
      account: order.account,
      identifier: order.identifier,
      expires: order.expires,
      challenge: authorization.challenge,
      state: 'pending',
      decidedAt: null,
      error: null,
      ca: false,
    });
  }

  #refuse({ authorization, reason, detail, at }: EventOf<'refused'>): void {
    this.#change(this.#authorizations, authorization, { state: 'invalid', decidedAt: at, error: { reason, detail } });
    this.#failures.add(this.authorization(authorization)?.account ?? '', at);
  }

  #addCertificate(issued: EventOf<'issued'>): void {
    const order = this.order(issued.order);
    if (order === null) throw new Error('the ACME journal names what it never made');
    const { account, identifier } = order;
    const certificate = { ...issued, account, identifier, path: issued.path.map(bytes), spki: bytes(issued.spki), revoked: false };
    this.#certificates.set(issued.id, certificate);
    this.#certificateOfSerial.set(issued.serial, issued.id);
    const known = this.#certificatesOf.get(order.id);
    if (known === undefined) this.#certificatesOf.set(order.id, [issued.id]);
    else known.push(issued.id);
    this.#change(this.#orders, order.id, { certificate: issued.id });
  }

  /** What cannot be used again for its age need not be remembered for its use. */
  #forgetSpent(now: number): void {
    for (const [token, until] of this.#spent) if (until < now) this.#spent.delete(token);
  }
}

/** What an authority token is known by: who signed it, and the jti that this authority gave it once (RFC 7519 section 4.1.7). */
export const spentKey = (authority: Uint8Array, jti: string): string => `${encodeBase64url(authority)}.${jti}`;
