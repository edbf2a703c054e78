import { Admission } from '../admission.js';
import { createHttpsServer, type HttpServer, type ServerCredentials } from '../https-server.js';
import { RequestMetrics } from '../request-metrics.js';
import { healthz } from '../routes/health.js';
import type { RandomSource } from '../../ports/index.js';
import { WITNESS_ROUTES } from './routes.js';
import type { WitnessSite } from './site.js';

export interface WitnessServerOptions extends Omit<WitnessSite, 'metrics' | 'admission' | 'principalOf'> {
  readonly credentials: ServerCredentials;
  readonly random: RandomSource;
}

/** The server of a witness: nobody is known to it, nothing it tells is secret. */
export const createWitnessServer = (options: WitnessServerOptions): HttpServer => {
  const admission = new Admission();
  const metrics = new RequestMetrics(() => admission.inFlight);
  const site: WitnessSite = { ...options, admission, metrics, principalOf: () => undefined };
  const { credentials, random } = options;
  return createHttpsServer({ site, credentials, random, hot: [], routes: [healthz, ...WITNESS_ROUTES] });
};
