import type { Logger } from 'pino';
import { fallenSince, type InvalidatedMappings, type RunningGateway } from '../gateway/index.js';
import { describeFault } from '../http/index.js';

const swept = new WeakMap<
  RunningGateway,
  { readonly told: readonly InvalidatedMappings[]; readonly fault: Error | null; readonly search: Error | null }
>();

/** Tells of a sweep what it did since the last turn, and a fault once. */
export const tendMappings = async (gateway: RunningGateway, log: Logger): Promise<void> => {
  gateway.tendMappings();
  const { mappings } = gateway.invalidation;
  const fault = gateway.sweepFault;
  const before = swept.get(gateway) ?? { told: [], fault: null, search: null };
  const fallen = fallenSince(before.told, mappings);
  if (fallen.length > 0) log.warn({ mappings: fallen }, 'mappings fell with their credentials');
  if (fault !== null && fault !== before.fault) log.error({ fault: describeFault(fault) }, 'stored mappings cannot be judged again');
  const search = gateway.searchFault;
  if (search !== null && search !== before.search) log.error({ fault: describeFault(search) }, 'entries cannot be searched');
  swept.set(gateway, { told: mappings, fault, search });
};

/** A walk that store or log kept from its end is made again an hour later: nobody reads what has run out. */
const expireMappings = async (gateway: RunningGateway, log: Logger): Promise<void> => {
  try {
    const mappings = await gateway.expireMappings();
    if (mappings > 0) log.info({ mappings }, 'mappings ran out');
  } catch (error) {
    log.error({ fault: describeFault(error) }, 'what has run out stays in the store');
  }
};

/** Whoever waited for a batch that failed has been told so; the next is tried all the same. */
export const batchRejects = async (gateway: RunningGateway, log: Logger): Promise<void> => {
  try {
    await gateway.batchRejects();
  } catch (error) {
    log.error({ fault: describeFault(error) }, 'refusals cannot be gathered in the log');
  }
};

/** Tried again an hour later. */
const forgetRejects = async (gateway: RunningGateway, log: Logger): Promise<void> => {
  try {
    await gateway.forgetRejects();
  } catch (error) {
    log.error({ fault: describeFault(error) }, 'records of refusals are kept longer than policy says');
  }
};

/** What is due by the hour. */
export const expireAll = async (gateway: RunningGateway, log: Logger): Promise<void> => {
  await expireMappings(gateway, log);
  await forgetRejects(gateway, log);
};
