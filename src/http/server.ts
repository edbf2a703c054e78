import type { Logger } from 'pino';
import type { Gateway } from '../gateway/use-cases.js';
import type { WebhooksState } from '../gateway/webhooks.js';
import type { Clock, ConfigurationControl, RandomSource, Waker } from '../ports/index.js';
import { Admission, type AdmissionLimits } from './admission.js';
import { AnswerSteps } from './answer-steps.js';
import { registerWebhookMetrics } from './webhook-metrics.js';
import { registerFetchMetrics, type FetchCount } from './fetch-metrics.js';
import { createHttpsServer, type HttpServer, type ServerCredentials } from './https-server.js';
import { Metrics } from './metrics.js';
import { openApiDocument } from './openapi.js';
import { LIMITS } from './limits.js';
import { OpenStreams, type StreamLimits } from './open-streams.js';
import type { ReasonsDocument } from './reasons-document.js';
import { EXPRESS_ROUTES, HOT_ROUTES } from './routes/index.js';
import type { Discovery, Site } from './site.js';
import { registerWitnessMetrics, type WitnessFacts } from './witness-metrics.js';
import { StaticPage } from './static-page.js';

export interface HttpServerOptions {
  readonly gateway: Gateway;
  readonly principalOf: Site['principalOf'];
  readonly configuration: ConfigurationControl;
  readonly principals: Site['principals'];
  readonly webhooks: Site['webhooks'];
  readonly credentials: ServerCredentials;
  readonly discovery: Discovery;
  readonly reasons: ReasonsDocument;
  readonly clock: Clock;
  readonly waker: Waker;
  readonly random: RandomSource;
  readonly log: Logger;
  /** What was fetched from elsewhere, for the metrics. */
  readonly fetches?: () => Iterable<FetchCount>;
  readonly webhookState?: () => WebhooksState;
  /** The auditor's page as it was built, by path below /audit/; absent: it was not. */
  readonly auditPage?: ReadonlyMap<string, Buffer>;
  /** Who cosigns checkpoints, for the metrics. */
  readonly witnesses?: WitnessFacts;
  readonly limits?: AdmissionLimits;
  readonly streams?: Partial<StreamLimits>;
}

export interface GatewayServer extends HttpServer {
  readonly metrics: Metrics;
}

/** The gateway's server. */
export const createHttpServer = (options: HttpServerOptions): GatewayServer => {
  const admission = new Admission(options.limits);
  const { gateway, configuration, credentials, random } = options;
  const streams = new OpenStreams({ ...LIMITS, ...options.streams });
  admission.onDrain(() => streams.endAll());
  const answerSteps = new AnswerSteps(options.clock, options.waker);
  const metrics = new Metrics({
    inFlight: () => admission.inFlight,
    logSize: () => gateway.logSize,
    configuration: () => configuration.state(),
    invalidation: () => gateway.invalidation,
    held: () => gateway.held,
    streams: () => streams.count,
    metering: () => gateway.metering,
    rejects: () => gateway.rejects,
  });
  if (options.fetches !== undefined) registerFetchMetrics(metrics.registry, options.fetches);
  if (options.witnesses !== undefined) registerWitnessMetrics(metrics.registry, options.witnesses);
  if (options.webhookState !== undefined) registerWebhookMetrics(metrics.registry, options.webhookState);
  const site: Site = {
    ...options,
    metrics,
    admission,
    streams,
    answerSteps,
    openapi: openApiDocument(),
    auditPage: new StaticPage(options.auditPage ?? new Map()),
  };
  const server = createHttpsServer({ site, credentials, random, hot: HOT_ROUTES, routes: EXPRESS_ROUTES });
  const drain = async (): Promise<void> => {
    await server.drain();
    await answerSteps.end();
  };
  return { ...server, drain, metrics };
};
