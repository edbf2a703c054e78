import { parseX5u } from '../../passport/index.js';
import type { Clock, CredentialSource, FetchedChain } from '../../ports/index.js';
import { Refusal, Unavailable, refuse } from '../../reasons/index.js';
import { parseCertificate } from '../../x509/index.js';
import type { FetchedAnswer } from './answer-reader.js';
import { FetchFailure } from './fetch-failure.js';
import { FetchBudget, OverBudget } from './fetch-budget.js';
import { FetchCounts } from './fetch-counts.js';
import type { GuardedFetcher } from './guarded-fetch.js';
import { isHostAllowed } from './host-policy.js';
import { KeptFailure, KeptFetches, type ReadValue } from './kept-fetches.js';
import { BUDGET_LIMITS, FETCH_LIMITS, KEPT_LIMITS } from './limits.js';
import { parsePemChain } from './pem-chain.js';

export interface CredentialSourceParts {
  readonly fetcher: Pick<GuardedFetcher, 'fetch'>;
  readonly clock: Clock;
  /** `x5u.hosts` of the policy that is in force now. */
  readonly hosts: () => readonly string[];
  /** Absent: one of its own. */
  readonly budget?: FetchBudget;
}

/** standards: stir 4.3; the last is what is deployed. */
const CHAIN_TYPES = ['application/pem-certificate-chain', 'application/x-pem-file', 'text/plain'] as const;
/** RFC 8226 section 10.1. */
const LIST_TYPES = ['application/tnauthlist'] as const;

/**
 * Paths behind x5u and TNAuthLists by reference, from hosts that policy names. Proves where the octets come from (`GuardedFetcher`), nothing about
 * them. What is kept is judged again by whoever asks: a path that was good yesterday is only octets.
 */
export class FetchedCredentials implements CredentialSource {
  readonly counts = new FetchCounts();
  readonly #hosts: () => readonly string[];
  readonly #chains: KeptFetches<readonly Uint8Array[]>;
  readonly #lists: KeptFetches<Uint8Array>;

  constructor({ fetcher, clock, hosts, budget = new FetchBudget(clock) }: CredentialSourceParts) {
    this.#hosts = hosts;
    const fetch =
      (contentTypes: readonly string[]) =>
      (url: string): Promise<FetchedAnswer> =>
        fetcher.fetch(url, { ...FETCH_LIMITS, contentTypes });
    this.#chains = new KeptFetches({
      fetch: fetch(CHAIN_TYPES),
      read: readChain,
      budget,
      clock,
      capSeconds: KEPT_LIMITS.chainSeconds,
      observe: this.counts.observer('chain'),
    });
    this.#lists = new KeptFetches({
      fetch: fetch(LIST_TYPES),
      read: (der) => ({ value: der, octets: der.length, until: Number.POSITIVE_INFINITY }),
      budget,
      clock,
      capSeconds: KEPT_LIMITS.listSeconds,
      observe: this.counts.observer('tn-list'),
    });
  }

  async chain(url: string, client: string, options?: { readonly fresh?: boolean }): Promise<FetchedChain> {
    const host = this.#allowed(url);
    try {
      const { value, cached } = await this.#chains.get(url, host, client, options?.fresh === true);
      // A reload may have taken the host away while its answer was on the way.
      this.#checkAllowed(host);
      return { chain: value, cached };
    } catch (error) {
      return refuseChain(error);
    }
  }

  async tnAuthList(url: string, client: string): Promise<Uint8Array> {
    try {
      const host = this.#listHost(url);
      const { value } = await this.#lists.get(url, host, client, false);
      this.#listHost(url);
      return value;
    } catch (error) {
      if (error instanceof Unavailable) throw error;
      throw new Unavailable('tnlist-unavailable', detailOf(error), null, retryAfterOf(error));
    }
  }

  /** The host of an x5u URL. @throws Refusal `x5u-not-allowed` */
  #allowed(url: string): string {
    const { hostname } = new URL(parseX5u(url));
    this.#checkAllowed(hostname);
    return hostname;
  }

  #checkAllowed(hostname: string): void {
    if (!isHostAllowed(hostname, this.#hosts())) refuse('x5u-not-allowed', 'host');
  }

  #listHost(url: string): string {
    const hostname = URL.canParse(url) ? new URL(url).hostname : '';
    return isHostAllowed(hostname, this.#hosts()) ? hostname : refuse('tnlist-unavailable', 'host');
  }
}

/** Never beyond the notAfter of any of its certificates; one that does not parse is the verifier's to refuse. */
const readChain = (octets: Buffer): ReadValue<readonly Uint8Array[]> => {
  const chain = Object.freeze(parsePemChain(octets));
  const until = Math.min(...chain.map(notAfterOf));
  return { value: chain, octets: chain.reduce((sum, der) => sum + der.length, 0), until: until * 1000 };
};

const notAfterOf = (der: Uint8Array): number => {
  try {
    return parseCertificate(der).notAfter;
  } catch (error) {
    if (error instanceof Refusal) return Number.POSITIVE_INFINITY;
    throw error;
  }
};

/** stir 69-77: what may not be asked and what sends elsewhere is refused, what cannot be had is unavailable. */
const refuseChain = (error: unknown): never => {
  const cause = error instanceof KeptFailure ? error.cause : error;
  if (cause instanceof Refusal) throw cause;
  const code = cause instanceof FetchFailure ? cause.code : null;
  if (code === 'url-not-allowed' || code === 'address-not-allowed') return refuse('x5u-not-allowed', 'address');
  if (code === 'redirect') return refuse('x5u-redirect');
  throw new Unavailable('credential-unavailable', detailOf(error), null, retryAfterOf(error));
};

/** Which way it failed; never whose host, or what it said. A fault of ours passes. */
const detailOf = (error: unknown): string => {
  const cause = error instanceof KeptFailure ? error.cause : error;
  if (cause instanceof OverBudget) return 'too many fetches';
  if (cause instanceof FetchFailure) return cause.code;
  if (cause instanceof Refusal) return cause.detail ?? cause.reason;
  throw error;
};

const retryAfterOf = (error: unknown): number => {
  if (error instanceof OverBudget) return BUDGET_LIMITS.retrySeconds;
  return Math.max(1, Math.ceil(error instanceof KeptFailure ? error.seconds : KEPT_LIMITS.failureSeconds));
};
