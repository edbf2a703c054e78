/** Where principals have their changes sent, as they say themselves. Changes of one domain take turns; what resolves is durable. */
export interface WebhookControl {
  /** Null: nowhere. */
  urlOf(domain: string): string | null;
  /**
   * `url` null: nowhere any more.
   * @throws Refusal `malformed-request` for a host that is not of the domain: a slip of the pen must not send one provider's numbers to another;
   * Unavailable `log-unavailable`: nothing has changed
   */
  set(domain: string, url: string | null): Promise<void>;
}
