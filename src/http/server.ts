import { constants } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import type { Gateway } from '../gateway/use-cases.js';
import type { Clock, ConfigurationControl, RandomSource } from '../ports/index.js';
import { Refusal } from '../reasons/index.js';
import { Admission, type AdmissionLimits } from './admission.js';
import { ClientIdentities } from './client-identity.js';
import { Dispatcher } from './dispatch.js';
import { Drain } from './drain.js';
import { registerFetchMetrics, type FetchCount } from './fetch-metrics.js';
import { describeFault } from './fault.js';
import { expressApp, forMethod, refusing } from './express-app.js';
import { LIMITS } from './limits.js';
import { Metrics } from './metrics.js';
import { openApiDocument } from './openapi.js';
import { parserFacts, writeRawAnswer } from './raw-answer.js';
import type { ReasonsDocument } from './reasons-document.js';
import { RequestIds } from './request-id.js';
import { readTarget, type Target } from './request-line.js';
import type { Route } from './route.js';
import { HOT_ROUTES } from './routes/index.js';
import type { Discovery, Site } from './site.js';

/** PEM texts. */
export interface ServerCredentials {
  readonly key: string;
  readonly cert: string;
  /** Who may have issued client certificates. */
  readonly clientAuthorities: string;
}

export interface HttpServerOptions {
  readonly gateway: Gateway;
  readonly principalOf: Site['principalOf'];
  readonly configuration: ConfigurationControl;
  readonly credentials: ServerCredentials;
  readonly discovery: Discovery;
  readonly reasons: ReasonsDocument;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  /** What was fetched from elsewhere, for the metrics. */
  readonly fetches?: () => Iterable<FetchCount>;
  readonly limits?: AdmissionLimits;
}

export interface HttpServer {
  readonly metrics: Metrics;
  /** Resolves to the port. */
  listen(port: number, host: string): Promise<number>;
  /** New connections use these; connections under other client authorities are nobody's from now on. */
  useCredentials(credentials: ServerCredentials): void;
  /** Not ready at once; finishes what is in flight; resolves when the last connection is closed, at the latest after the drain time. */
  drain(): Promise<void>;
}

/** The one https server: TLS 1.3, client certificates asked for and judged per route, hot routes before express. */
export const createHttpServer = (options: HttpServerOptions): HttpServer => {
  const admission = new Admission(options.limits);
  const { gateway, configuration } = options;
  const metrics = new Metrics({
    inFlight: () => admission.inFlight,
    logSize: () => gateway.logSize,
    configuration: () => configuration.state(),
    invalidation: () => gateway.invalidation,
  });
  if (options.fetches !== undefined) registerFetchMetrics(metrics.registry, options.fetches);
  const ids = new RequestIds(options.random);
  const identities = new ClientIdentities(options.clock);
  const dispatcher = new Dispatcher({ ...options, metrics, admission, openapi: openApiDocument() }, identities, ids);
  const server = createServer(serverOptions(options.credentials));
  configure(server);
  const draining = new Drain(server, admission);
  attach(server, dispatcher, { metrics, ids, log: options.log });
  let credentials = options.credentials;
  return {
    metrics,
    listen: (port, host) => listen(server, port, host),
    useCredentials(next) {
      server.setSecureContext(secureContext(next));
      if (next.clientAuthorities !== credentials.clientAuthorities) identities.trustChanged();
      credentials = next;
    },
    drain: () => draining.run(),
  };
};

const secureContext = (credentials: ServerCredentials) => ({
  key: credentials.key,
  cert: credentials.cert,
  ca: credentials.clientAuthorities,
  minVersion: 'TLSv1.3' as const,
  // A ticket would carry an old verdict about a client past a reload: every connection proves itself anew.
  secureOptions: constants.SSL_OP_NO_TICKET,
});

const serverOptions = (credentials: ServerCredentials) => ({
  ...secureContext(credentials),
  requestCert: true,
  // CONTRACT section 2: without a known client the handshake passes and the route answers 401.
  rejectUnauthorized: false,
  ALPNProtocols: ['http/1.1'],
  handshakeTimeout: LIMITS.headersTimeoutMs,
  maxHeaderSize: LIMITS.headerBytes,
  insecureHTTPParser: false,
  // Node's own answer to a missing Host lacks nosniff, and it lets a second Host pass: request-line.ts looks at both.
  requireHostHeader: false,
  connectionsCheckingInterval: 1_000,
  noDelay: true,
});

const configure = (server: Server): void => {
  server.headersTimeout = LIMITS.headersTimeoutMs;
  // Streams are of any length: bodies have time limits of their own (body.ts, passport-stream.ts).
  server.requestTimeout = 0;
  server.keepAliveTimeout = LIMITS.keepAliveTimeoutMs;
  server.maxConnections = LIMITS.connections;
  // Node would answer the one too many by itself, without nosniff.
  server.maxRequestsPerSocket = 0;
};

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const router = (dispatcher: Dispatcher): Handler => {
  const hot = new Map<string, Route>(HOT_ROUTES.map((route) => [route.path, route]));
  const app = expressApp(dispatcher);
  return (request, response) => {
    let target: Target;
    try {
      target = readTarget(request);
    } catch (thrown) {
      // What follows a request that two parsers may read as two is not to be trusted.
      response.shouldKeepAlive = false;
      const refusal = thrown instanceof Refusal ? thrown : new Refusal('malformed-request');
      void dispatcher.serve(refusing('unmatched', refusal), request, response);
      return;
    }
    const route = hot.get(target.path);
    if (route !== undefined) {
      void dispatcher.serve(forMethod(route, request.method), request, response, target.query);
      return;
    }
    request.url = target.query === null ? target.path : `${target.path}?${target.query}`;
    app(request, response);
  };
};

interface Surroundings {
  readonly metrics: Metrics;
  readonly ids: RequestIds;
  readonly log: Logger;
}

const attach = (server: Server, dispatcher: Dispatcher, { metrics, ids, log }: Surroundings): void => {
  server.on('request', router(dispatcher));
  // RFC 9110 section 10.1.1: an expectation other than 100-continue; Node would answer by itself.
  const unexpected = refusing('unmatched', new Refusal('malformed-request', 'Expect'));
  server.on(
    'checkExpectation',
    (request: IncomingMessage, response: ServerResponse) => void dispatcher.serve(unexpected, request, response),
  );
  server.on('connect', (_request: IncomingMessage, socket: Duplex) =>
    writeRawAnswer(socket, { reason: 'method-not-allowed', allow: ['GET', 'HEAD', 'POST'] }, ids),
  );
  server.on('clientError', (error: Error, socket: Duplex) => {
    metrics.connectionFault('request');
    if ('code' in error && error.code === 'ECONNRESET') socket.destroy();
    else writeRawAnswer(socket, parserFacts(error), ids);
  });
  server.on('tlsClientError', (_error: Error, socket: Duplex) => {
    metrics.connectionFault('tls');
    socket.destroy();
  });
  server.on('error', (error: Error) => log.error({ fault: describeFault(error) }, 'server fault'));
};

const listen = (server: Server, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
