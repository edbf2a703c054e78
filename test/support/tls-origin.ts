import { randomBytes } from 'node:crypto';
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net';
import { GuardedFetcher, isPublicAddress, type FetcherParts, type Resolver } from '../../src/adapters/x5u/index.js';
import { encodePem } from '../../src/encoding/index.js';
import { DevelopmentPki, OID, issueEndEntity, newKeyPair, pathOf, subjectName } from '../../src/issuance/index.js';

const DAY = 86_400;

const makePki = (): DevelopmentPki => new DevelopmentPki({ now: () => Date.now(), random: randomBytes });
let shared: DevelopmentPki | null = null;
/** One authority for TLS servers for a test file; made when it is first asked for. */
const pki = (): DevelopmentPki => (shared ??= makePki());

export const originTrust = (): string => encodePem('CERTIFICATE', pki().authority('tls-ca').certificate);

export interface ServerIdentity {
  readonly cert: string;
  readonly key: string;
}

/** A certificate for a TLS server of these names; `from` and `lifetime` in seconds from now. */
export const serverIdentity = (
  names: readonly string[],
  { from = -60, lifetime = DAY, of = pki() }: { from?: number; lifetime?: number; of?: DevelopmentPki } = {},
): ServerIdentity => {
  const issuer = of.authority('tls-ca');
  const key = newKeyPair();
  const notBefore = Math.floor(Date.now() / 1000) + from;
  const content = { subject: subjectName({ commonName: 'origin' }), names: names.map((dns) => ({ dns })), purposes: [OID.serverAuth] };
  const certificate = issueEndEntity(issuer, key.spki, content, { random: randomBytes, notBefore, notAfter: notBefore + lifetime });
  return {
    cert: pathOf(certificate, issuer)
      .map((der) => encodePem('CERTIFICATE', der))
      .join(''),
    key: key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
};

/** An identity that no test trusts. */
export const strangerIdentity = (names: readonly string[]): ServerIdentity => serverIdentity(names, { of: makePki() });

export interface Origin {
  readonly port: number;
  /** Paths that were asked for, in order. */
  readonly asked: string[];
  /** TCP connections so far. */
  readonly connections: () => number;
  close(): Promise<void>;
}

export type Answering = (request: IncomingMessage, response: ServerResponse) => void;

/** A TLS server on a free loopback port that answers as the test says. */
export const openOrigin = async (
  answering: Answering,
  identity: ServerIdentity = serverIdentity(['cert.sti.example']),
): Promise<Origin> => {
  const asked: string[] = [];
  const server = createServer(identity, (request, response) => {
    asked.push(request.url ?? '');
    response.on('error', () => undefined);
    answering(request, response);
  });
  let connections = 0;
  server.on('connection', () => (connections += 1));
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

/** A listener that no connection may reach; says how many did, and how many octets came. */
export const openCanary = async (): Promise<{
  port: number;
  connections: () => number;
  octets: () => number;
  close: () => Promise<void>;
}> => {
  let connections = 0;
  let octets = 0;
  const server = createTcpServer((socket) => {
    connections += 1;
    socket.on('data', (chunk) => (octets += chunk.length));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    octets: () => octets,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
};

/** A public address that no test reaches: where the injected resolver sends names. */
export const SOMEWHERE = '8.8.8.8';

export const resolvesTo =
  (...addresses: string[]): Resolver =>
  () =>
    Promise.resolve(addresses);

export const clock = { monotonic: (): number => performance.now() };

/** Parts by which every connection ends at the origin: the guard holds, but for the loopback address that stands for a public one. */
export const outsideAt = (
  port: number | (() => number),
  trust: string = originTrust(),
): Required<Pick<FetcherParts, 'resolver' | 'trust' | 'network'>> => ({
  resolver: resolvesTo(SOMEWHERE),
  trust: [trust],
  network: {
    isAllowed: (address) => address === '127.0.0.1' || isPublicAddress(address),
    connect: () => connect({ host: '127.0.0.1', port: typeof port === 'number' ? port : port() }),
  },
});

export const fetcherTo = (port: number | (() => number), more: Partial<FetcherParts> = {}): GuardedFetcher =>
  new GuardedFetcher({ ...outsideAt(port), clock, ...more });
