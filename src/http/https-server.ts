import { constants } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { RandomSource } from '../ports/index.js';
import { Refusal } from '../reasons/index.js';
import { ClientIdentities } from './client-identity.js';
import { Dispatcher } from './dispatch.js';
import { Drain } from './drain.js';
import { expressApp, forMethod, refusing } from './express-app.js';
import { describeFault } from './fault.js';
import { LIMITS } from './limits.js';
import { parserFacts, writeRawAnswer } from './raw-answer.js';
import { RequestIds } from './request-id.js';
import { readTarget, type Target } from './request-line.js';
import type { Route } from './route.js';
import type { CommonSite } from './site.js';

/** PEM texts. */
export interface ServerCredentials {
  readonly key: string;
  readonly cert: string;
  /** Who may have issued client certificates; null: none is asked for. */
  readonly clientAuthorities: string | null;
}

export interface HttpServer {
  /** Resolves to the port. */
  listen(port: number, host: string): Promise<number>;
  /** New connections use these; connections under other client authorities are nobody's from now on. */
  useCredentials(credentials: ServerCredentials): void;
  /** Not ready at once; finishes what is in flight; resolves when the last connection is closed, at the latest after the drain time. */
  drain(): Promise<void>;
}

export interface ServerParts<S extends CommonSite> {
  readonly site: S;
  readonly credentials: ServerCredentials;
  readonly random: RandomSource;
  /** Answered before express. */
  readonly hot: readonly Route<S>[];
  readonly routes: readonly Route<S>[];
}

/** A server of ours: TLS 1.3, client certificates asked for and judged per route, hot routes before express. */
export const createHttpsServer = <S extends CommonSite>(parts: ServerParts<S>): HttpServer => {
  const { site } = parts;
  const ids = new RequestIds(parts.random);
  const identities = new ClientIdentities(site.clock);
  const dispatcher = new Dispatcher(site, identities, ids);
  const server = createServer(serverOptions(parts.credentials));
  configure(server);
  const draining = new Drain(server, site.admission);
  attach(server, router(dispatcher, parts), dispatcher, { site, ids });
  let { credentials } = parts;
  return {
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
  ...(credentials.clientAuthorities === null ? {} : { ca: credentials.clientAuthorities }),
  minVersion: 'TLSv1.3' as const,
  // A ticket would carry an old verdict about a client past a reload: every connection proves itself anew.
  secureOptions: constants.SSL_OP_NO_TICKET,
});

const serverOptions = (credentials: ServerCredentials) => ({
  ...secureContext(credentials),
  requestCert: credentials.clientAuthorities !== null,
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

const router = <S extends CommonSite>(dispatcher: Dispatcher<S>, parts: Pick<ServerParts<S>, 'hot' | 'routes'>): Handler => {
  const hot = new Map<string, Route<S>>(parts.hot.map((route) => [route.path, route]));
  const app = expressApp(dispatcher, parts.routes);
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
  readonly site: CommonSite;
  readonly ids: RequestIds;
}

const attach = <S extends CommonSite>(
  server: Server,
  handler: Handler,
  dispatcher: Dispatcher<S>,
  { site: { metrics, log }, ids }: Surroundings,
): void => {
  server.on('request', handler);
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
  server.on('error', (error: Error) => {
    // One that does not listen yet tells who has it listen.
    if (server.listening) log.error({ fault: describeFault(error) }, 'server fault');
  });
};

const listen = (server: Server, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
