export { CrlKeeper, type CrlKeeperParts, type CrlPolicy, type CrlReport } from './crl-keeper.js';
export { FetchedStatus } from './fetched-status.js';
export type { Fetcher } from './fetching.js';
export { STATUS_LIMITS } from './limits.js';
export { CRL_OUTCOMES, type CrlOutcome } from './outcome.js';
export type { Place } from './place.js';
export { reportCrl } from './report-log.js';
