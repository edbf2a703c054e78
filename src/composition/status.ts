import { vouchersOf, type Generation, type GenerationKeeper } from '../adapters/configuration/index.js';
import { CrlKeeper, FetchedStatus, STATUS_LIMITS, reportCrl, type CrlReport } from '../adapters/status/index.js';
import { GuardedFetcher, type FetchBudget } from '../adapters/x5u/index.js';
import { describeFault } from '../http/index.js';
import type { Clock, CrlArchive, FetchOctets, RandomSource } from '../ports/index.js';
import type { GatewayOptions } from './options.js';

/** ms: the most that a fetch for trust lists may ask for. */
const LIST_TIMEOUT_MS = 10_000;

interface StatusInput {
  readonly options: GatewayOptions;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly budget: FetchBudget;
  readonly archive: CrlArchive;
  /** In force until there is a keeper of generations. */
  readonly first: Generation;
}

/** What fetches revocation status. `keeper` of the generations comes later: what it has in force says who vouches for CRLs, and who may be asked. */
export const openStatus = async ({ options, clock, random, budget, archive, first }: StatusInput) => {
  const late: { keeper: GenerationKeeper | null } = { keeper: null };
  const inForce = (): Generation => late.keeper?.current ?? first;
  const fetcher = new GuardedFetcher({ ...options.outside, clock, limits: { timeoutMs: STATUS_LIMITS.crlMs } });
  const vouchers = () => vouchersOf(inForce());
  const changed = async (): Promise<void> => await late.keeper?.takeCrls();
  const report = (facts: CrlReport): void => reportCrl(options.log, facts);
  const parts = { fetcher, archive, clock, random, vouchers, changed, report };
  const crls = await CrlKeeper.open(parts, first.configuration.policies.trust);
  const source = new FetchedStatus({
    keeper: crls,
    fetcher,
    clock,
    budget,
    ocspHosts: () => inForce().configuration.policies.trust.ocspHosts,
  });
  /** Begins to fetch what is due; nobody waits for slow hosts. */
  const turn = (): Promise<void> => {
    crls.turn().catch((error: unknown) => options.log.error({ fault: describeFault(error) }, 'CRLs cannot be fetched'));
    return Promise.resolve();
  };
  return { crls, source, late, turn };
};

export const fetchLists = ({ outside }: GatewayOptions, clock: Clock): FetchOctets => {
  const fetcher = new GuardedFetcher({ ...outside, clock, limits: { timeoutMs: LIST_TIMEOUT_MS } });
  return async (url, budget) => (await fetcher.fetch(url, budget)).octets;
};
