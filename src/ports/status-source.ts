/**
 * Has revocation status that is not at hand fetched. Nothing that it brings is trusted for having been fetched: CRLs and OCSP responses are signed, and
 * judged like any that were handed in.
 */
export interface StatusSource {
  /**
   * Fetches the CRLs behind distribution points that are not at hand yet, as far as policy names their hosts and the budgets go. `client`: the domain of
   * who presented the path (its budget pays). `issuers`: DER of the judged path's CAs, which may have signed them. Resolves to true when the CRLs that
   * verdicts are made under have changed meanwhile, and only once they are in force; what takes longer than a request may goes on without it.
   */
  learn(urls: readonly string[], client: string, issuers?: readonly Uint8Array[]): Promise<boolean>;
  /** DER of an OCSP response to the DER of a request. @throws Unavailable `status-unavailable` */
  ocsp(url: string, request: Uint8Array, client: string): Promise<Uint8Array>;
}
