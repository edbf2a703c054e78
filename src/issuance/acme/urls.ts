/** Where each resource is. Ids are base64url, so nothing needs to be escaped. */
export class AcmeUrls {
  readonly #origin: () => string;

  /** @param origin without a slash at the end; asked for each time, since a server learns its port when it listens */
  constructor(origin: () => string) {
    this.#origin = origin;
  }

  at(path: string): string {
    return `${this.#origin()}${path}`;
  }

  directory = (): string => this.at('/acme/directory');
  account = (id: string): string => this.at(`/acme/account/${id}`);
  orders = (id: string): string => this.at(`/acme/account/${id}/orders`);
  ordersFrom = (id: string, from: number): string => this.at(`/acme/account/${id}/orders/${from}`);
  delegations = (id: string): string => this.at(`/acme/account/${id}/delegations`);
  delegation = (id: string): string => this.at(`/acme/delegation/${id}`);
  order = (id: string): string => this.at(`/acme/order/${id}`);
  finalize = (id: string): string => this.at(`/acme/order/${id}/finalize`);
  authorization = (id: string): string => this.at(`/acme/authorization/${id}`);
  challenge = (id: string): string => this.at(`/acme/challenge/${id}`);
  certificate = (id: string): string => this.at(`/acme/certificate/${id}`);
  /** RFC 9448 section 7: what PASSporTs point at. */
  x5u = (id: string): string => this.at(`/acme/x5u/${id}`);
  star = (order: string): string => this.at(`/acme/star/${order}`);
  token = (domain: string): string => this.at(`/at/account/${domain}/token`);

  /** The account that a kid names, or null. */
  accountOf(kid: string): string | null {
    const prefix = this.account('');
    return kid.startsWith(prefix) ? kid.slice(prefix.length) : null;
  }

  delegationOf(url: string): string | null {
    const prefix = this.delegation('');
    return url.startsWith(prefix) ? url.slice(prefix.length) : null;
  }
}
