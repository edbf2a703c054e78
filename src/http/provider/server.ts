import type { Logger } from 'pino';
import type { Clock, RandomSource } from '../../ports/index.js';
import { Admission, type AdmissionLimits } from '../admission.js';
import { createHttpsServer, type HttpServer, type ServerCredentials } from '../https-server.js';
import { RequestMetrics } from '../request-metrics.js';
import type { Route } from '../route.js';
import { healthz } from '../routes/health.js';
import { metrics } from '../routes/metrics.js';
import { ACME_ROUTES } from './acme-routes.js';
import { ATTESTATION_ROUTES } from './attestations.js';
import { PUBLICATION_ROUTES } from './publications.js';
import { readyz } from './readiness.js';
import type { ProviderSite } from './site.js';

export interface ProviderServerOptions extends Omit<ProviderSite, 'metrics' | 'admission'> {
  readonly credentials: ServerCredentials;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly limits?: AdmissionLimits;
}

const ROUTES: readonly Route<ProviderSite>[] = [healthz, readyz, metrics, ...PUBLICATION_ROUTES, ...ATTESTATION_ROUTES];

/** The server of a provider's desk. None of its routes is hot: each signs, or is cached by who asks. */
export const createProviderServer = (options: ProviderServerOptions): HttpServer => {
  const admission = new Admission(options.limits);
  const site: ProviderSite = { ...options, admission, metrics: new RequestMetrics(() => admission.inFlight) };
  const { credentials, random, acme } = options;
  const routes = acme === null ? ROUTES : [...ROUTES, ...ACME_ROUTES];
  return createHttpsServer({ site, credentials, random, hot: [], routes });
};
