export { isPublicAddress } from './address-guard.js';
export type { FetchedAnswer } from './answer-reader.js';
export type { Connect } from './checked-connection.js';
export { FetchedCredentials, type CredentialSourceParts } from './credential-source.js';
export { FetchBudget, OverBudget } from './fetch-budget.js';
export { FetchFailure, type FetchFailureCode } from './fetch-failure.js';
export { GuardedFetcher, type FetcherParts, type FetchOptions } from './guarded-fetch.js';
export { BUDGET_LIMITS, FETCH_LIMITS, KEPT_LIMITS } from './limits.js';
export { systemResolver, type Resolver } from './resolver.js';
