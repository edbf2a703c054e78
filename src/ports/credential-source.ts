/** A path as it was fetched: the same array for the same octets, so that what was found out about it can be kept under it. */
export interface FetchedChain {
  /** DER, end-entity first. */
  readonly chain: readonly Uint8Array[];
  /** Whether it had been fetched before: the origin may have another one by now. */
  readonly cached: boolean;
}

/**
 * Fetches what a PASSporT or certificate points at. Nothing of it is verified: whoever uses the octets judges them, each time anew.
 * Isolation: what one client points at costs that client's budget alone; over budget is an answer at once, never a wait behind others.
 * Every method: @throws Refusal or Unavailable as its reasons say.
 */
export interface CredentialSource {
  /**
   * The path behind an x5u URL. `client` = domain of who presented it: its budget pays. `fresh`: skip what is kept (one refetch).
   * @throws Refusal `x5u-not-allowed`, `x5u-redirect`, `malformed-chain`; Unavailable `credential-unavailable`
   */
  chain(url: string, client: string, options?: { readonly fresh?: boolean }): Promise<FetchedChain>;
  /** DER of the TNAuthList behind an id-ad-stirTNList URL. @throws Unavailable `tnlist-unavailable` */
  tnAuthList(url: string, client: string): Promise<Uint8Array>;
}
