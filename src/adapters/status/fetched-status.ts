import { setTimeout as pause } from 'node:timers/promises';
import type { Clock, StatusSource } from '../../ports/index.js';
import { Unavailable } from '../../reasons/index.js';
import { parseCertificate } from '../../x509/index.js';
import { ClientBudget } from './client-budget.js';
import type { CrlKeeper } from './crl-keeper.js';
import { failureCode, hostOf, isOverBudget, type Fetcher, type SharedBudget } from './fetching.js';
import { STATUS_LIMITS } from './limits.js';

export interface FetchedStatusParts {
  readonly keeper: CrlKeeper;
  readonly fetcher: Fetcher;
  readonly clock: Clock;
  /** For OCSP. CRLs, which may be a thousand times as large, have a budget of their own. */
  readonly budget: SharedBudget;
  /** Hosts that may be asked for OCSP responses, by the policy in force. */
  readonly ocspHosts: () => readonly string[];
}

/** Status from the hosts that policy names, within budgets of the request and of its client. */
export class FetchedStatus implements StatusSource {
  readonly #parts: FetchedStatusParts;
  readonly #budget: ClientBudget;

  constructor(parts: FetchedStatusParts) {
    this.#parts = parts;
    this.#budget = new ClientBudget(parts.clock);
  }

  async learn(urls: readonly string[], client: string, issuers: readonly Uint8Array[] = []): Promise<boolean> {
    const { keeper } = this.#parts;
    const wanted = [...new Set(urls)].filter((url) => keeper.isWanted(url)).slice(0, STATUS_LIMITS.maxLearned);
    if (wanted.length === 0) return false;
    const before = keeper.revision;
    const authorities = issuers.map((der) => parseCertificate(der));
    const begun = wanted.map((url) => keeper.learn(url, authorities, () => this.#budget.take(client))).filter((flight) => flight !== null);
    await withinTime(Promise.all(begun), STATUS_LIMITS.learnMs);
    return keeper.revision !== before;
  }

  async ocsp(url: string, request: Uint8Array, client: string): Promise<Uint8Array> {
    const host = hostOf(url);
    if (host === null || !this.#parts.ocspHosts().includes(host)) throw new Unavailable('status-unavailable', 'OCSP host not allowed');
    const place = this.#enter(client, host);
    try {
      await pause(place.waitMs);
      return await this.#ask(url, request);
    } finally {
      place.leave();
    }
  }

  #enter(client: string, host: string): ReturnType<SharedBudget['enter']> {
    try {
      return this.#parts.budget.enter(client, host);
    } catch (error) {
      if (!isOverBudget(error)) throw error;
      throw new Unavailable('status-unavailable', 'OCSP budget', null, 1);
    }
  }

  async #ask(url: string, request: Uint8Array): Promise<Uint8Array> {
    try {
      const { octets } = await this.#parts.fetcher.fetch(url, {
        method: 'POST',
        body: { octets: request, contentType: 'application/ocsp-request' },
        contentTypes: ['application/ocsp-response'],
        maxOctets: STATUS_LIMITS.maxOcspOctets,
        timeoutMs: STATUS_LIMITS.ocspMs,
      });
      return octets;
    } catch (error) {
      const code = failureCode(error);
      if (code === null) throw error;
      throw new Unavailable('status-unavailable', `OCSP ${code}`, null, 5);
    }
  }
}

/** Resolves when the work is done or the time is up, whichever is first; the work goes on. @throws what the work rejects with in time */
const withinTime = async (work: Promise<unknown>, ms: number): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};
