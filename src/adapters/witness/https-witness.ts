import { lookup as lookupAll } from 'node:dns';
import type { IncomingMessage } from 'node:http';
import { Agent, request as sendRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { rootCertificates } from 'node:tls';
import type { WitnessLink } from '../../ports/index.js';

export interface HttpsWitnessParts {
  /** C2SP tlog-witness: the submission prefix. */
  readonly url: string;
  /** PEM of the authority of its certificate; absent: the system's. */
  readonly ca?: string | undefined;
  /** Which addresses may be connected to. */
  readonly isAllowed: (address: string) => boolean;
}

/** Octets of an answer: 64 cosignature lines have some 10 KiB. */
const MAX_ANSWER = 16 * 1024;

/**
 * A witness over HTTPS. Proves: the answer came from a host with a certificate for the URL's name, at an address that was allowed before an octet
 * was sent. Follows no redirect (its status is the answer), uses no proxy.
 */
export class HttpsWitness implements WitnessLink {
  readonly #parts: HttpsWitnessParts;
  readonly #url: URL;
  readonly #agent: Agent;

  constructor(parts: HttpsWitnessParts) {
    this.#parts = parts;
    this.#url = new URL(`${parts.url.replace(/\/$/, '')}/add-checkpoint`);
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: 2,
      minVersion: 'TLSv1.2',
      rejectUnauthorized: true,
      lookup: allowedLookup(parts.isAllowed),
      ...(parts.ca === undefined ? {} : { ca: [...rootCertificates, parts.ca] }),
    });
  }

  async add(body: string, signal: AbortSignal): Promise<{ status: number; text: string }> {
    const { hostname } = this.#url;
    // A literal address is never looked up.
    const literal = hostname.replace(/^\[|\]$/g, '');
    if (isIP(literal) !== 0 && !this.#parts.isAllowed(literal)) throw new Error('address not allowed');
    const answer = await this.#send(body, signal);
    return { status: answer.statusCode ?? 0, text: await firstOctets(answer) };
  }

  #send(body: string, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const octets = Buffer.from(body);
      const headers = {
        'Content-Type': 'text/plain; charset=utf-8',
        'Content-Length': octets.length,
        'Accept-Encoding': 'identity',
        'User-Agent': 'signpost',
      };
      const request = sendRequest(this.#url, { agent: this.#agent, method: 'POST', headers, signal, maxHeaderSize: 8 * 1024 });
      request.once('response', resolve);
      request.once('error', reject);
      request.end(octets);
    });
  }
}

const firstOctets = async (answer: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_ANSWER) throw new Error('the answer is too large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
};

/** One address that is not allowed spoils the name: who can put it there can put it first the next time. */
const allowedLookup =
  (isAllowed: (address: string) => boolean): LookupFunction =>
  (hostname, options, callback) => {
    lookupAll(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '');
      const [first] = addresses;
      if (first === undefined || !addresses.every(({ address }) => isAllowed(address)))
        return callback(new Error('address not allowed'), '');
      if (options.all === true) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });
  };
