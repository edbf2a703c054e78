import { request as sendRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { connect as connectTls, createSecureContext, rootCertificates, type SecureContext, type TLSSocket } from 'node:tls';
import { isDomain } from '../../identifiers/index.js';
import type { Clock } from '../../ports/index.js';
import { isPublicAddress } from './address-guard.js';
import { readAnswer, type FetchedAnswer } from './answer-reader.js';
import { openChecked, type Connect } from './checked-connection.js';
import { FetchFailure } from './fetch-failure.js';
import { FETCH_LIMITS } from './limits.js';
import { systemResolver, type Resolver } from './resolver.js';

export interface FetchOptions {
  readonly maxOctets: number;
  /** For everything together, at most `limits.timeoutMs`. */
  readonly timeoutMs: number;
  readonly method?: 'GET' | 'POST';
  readonly body?: { readonly octets: Uint8Array; readonly contentType: string };
  /** Further header fields. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Media types that the answer may have, lower case; absent: any, or none. */
  readonly contentTypes?: readonly string[];
  readonly signal?: AbortSignal;
}

export interface FetcherParts {
  readonly resolver?: Resolver;
  /** PEM of further authorities for TLS servers, beside the runtime's own. Absent: the runtime's store, NODE_EXTRA_CA_CERTS included. */
  readonly trust?: readonly string[];
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly limits?: { readonly timeoutMs: number };
  /**
   * Which addresses may be connected to, and how a connection begins: parts of the composition, never of configuration. Absent, as the gateway
   * composes it: public addresses alone, directly.
   */
  readonly network?: { readonly isAllowed: (address: string) => boolean; readonly connect?: Connect };
}

/** No certificate is fetched from anywhere else (standards: stir 4.3). */
const PORTS: ReadonlySet<string> = new Set(['', '443', '8443']);

/**
 * Gets octets from strangers' servers. Proves: the answer came over TLS 1.2 or later from a host with a WebPKI certificate for the URL's name, on a
 * connection whose peer was checked to be a public address before an octet was sent. Not: that the octets are good, or that the host may be asked.
 * Follows no redirect, keeps no cookie or connection, uses no proxy.
 */
export class GuardedFetcher {
  readonly #parts: FetcherParts;
  #context: SecureContext | null = null;

  constructor(parts: FetcherParts) {
    this.#parts = parts;
  }

  /** @throws FetchFailure with any of its codes */
  async fetch(url: string, options: FetchOptions): Promise<FetchedAnswer & { readonly elapsedMs: number }> {
    const target = targetOf(url);
    const { clock, limits = FETCH_LIMITS } = this.#parts;
    const start = clock.monotonic();
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), Math.min(options.timeoutMs, limits.timeoutMs));
    const signal = options.signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, options.signal]);
    const opened: Socket[] = [];
    try {
      const answer = await unlessAborted(this.#exchange(target, options, signal, opened), signal);
      return { ...answer, elapsedMs: clock.monotonic() - start };
    } catch (error) {
      if (deadline.signal.aborted) throw new FetchFailure('timeout', null, error);
      if (signal.aborted) throw new FetchFailure('aborted', null, error);
      throw error;
    } finally {
      clearTimeout(timer);
      deadline.abort();
      for (const socket of opened) socket.destroy();
    }
  }

  async #exchange(target: URL, options: FetchOptions, signal: AbortSignal, opened: Socket[]): Promise<FetchedAnswer> {
    const { resolver = systemResolver, network = { isAllowed: isPublicAddress } } = this.#parts;
    const addresses = await resolver(target.hostname, signal).catch((error: unknown) => {
      throw new FetchFailure('name-not-resolved', null, error);
    });
    if (signal.aborted) throw new FetchFailure('aborted');
    const port = target.port === '' ? 443 : Number(target.port);
    const socket = await openChecked({ addresses, port, signal, ...network });
    opened.push(socket);
    const secured = await this.#secure(socket, target.hostname, opened);
    return await readAnswer(await answerTo(target, options, secured), options);
  }

  #secure(socket: Socket, servername: string, opened: Socket[]): Promise<TLSSocket> {
    const { trust } = this.#parts;
    this.#context ??= createSecureContext({
      minVersion: 'TLSv1.2',
      ...(trust === undefined ? {} : { ca: [...rootCertificates, ...trust] }),
    });
    const secureContext = this.#context;
    // `rejectUnauthorized` is said, since its default follows the environment.
    const secured = connectTls({ socket, servername, secureContext, rejectUnauthorized: true, ALPNProtocols: ['http/1.1'] });
    opened.push(secured);
    return new Promise((resolve, reject) => {
      secured.once('secureConnect', () => resolve(secured));
      secured.on('error', (error) => reject(new FetchFailure('tls-failed', null, error)));
      secured.once('close', () => reject(new FetchFailure('tls-failed')));
    });
  }
}

/** @throws FetchFailure `url-not-allowed` */
const targetOf = (text: string): URL => {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isAllowed =
    url !== null &&
    url.protocol === 'https:' &&
    url.username === '' &&
    url.password === '' &&
    url.hash === '' &&
    PORTS.has(url.port) &&
    // The parser has turned every spelling of an IPv4 address into digits, which are no domain; a literal would never reach the resolver.
    isDomain(url.hostname);
  if (!isAllowed) throw new FetchFailure('url-not-allowed');
  return url;
};

const answerTo = (
  target: URL,
  { method = 'GET', body, headers, contentTypes, maxOctets }: FetchOptions,
  socket: TLSSocket,
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const request = sendRequest({
      // Without an agent: no pool, no proxy, and this connection alone.
      createConnection: () => socket,
      host: target.hostname,
      // Without its default port, which the Host field must not name (RFC 9110 section 7.2).
      port: target.port === '' ? 443 : target.port,
      defaultPort: 443,
      path: `${target.pathname}${target.search}`,
      method,
      maxHeaderSize: FETCH_LIMITS.maxHeaderOctets,
      headers: {
        Accept: contentTypes?.join(', ') ?? '*/*',
        'Accept-Encoding': 'identity',
        'User-Agent': 'signpost',
        Connection: 'close',
        ...headers,
        ...(body === undefined ? {} : { 'Content-Type': body.contentType, 'Content-Length': body.octets.length }),
      },
    });
    let octets = 0;
    // What is no body counts too: interim answers and the framing of chunks have no end of their own.
    request.once('socket', () => {
      socket.on('data', (part: Buffer) => {
        octets += part.length;
        if (octets > 2 * maxOctets + FETCH_LIMITS.framingOctets) socket.destroy(new FetchFailure('too-large'));
      });
    });
    request.once('response', resolve);
    request.on('upgrade', () => reject(new FetchFailure('broken-answer', 101)));
    request.on('error', (error) => reject(error instanceof FetchFailure ? error : new FetchFailure('broken-answer', null, error)));
    request.once('close', () => reject(new FetchFailure('broken-answer')));
    request.end(body?.octets);
  });

const unlessAborted = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const aborted = (): void => reject(new FetchFailure('aborted'));
    signal.addEventListener('abort', aborted, { once: true });
    if (signal.aborted) aborted();
    promise.then(resolve, reject);
  });
