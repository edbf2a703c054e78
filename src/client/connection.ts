import { Agent, request as httpsRequest } from 'node:https';
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { NoAnswer, UnexpectedAnswer } from './api-refusal.js';

export interface ConnectionOptions {
  /** Where the gateway is: `https://dp.example:8443`. Only https. */
  readonly url: string | URL;
  /** PEM of the authority of the gateway's TLS certificate; absent: the system's. */
  readonly ca?: string | Uint8Array;
  /** PEM of this client's TLS certificate and key; absent: only the open routes answer. */
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  /** Milliseconds without an octet after which an answer is given up; default 30,000. */
  readonly timeout?: number;
  /** Most connections at once; default 8. Each is kept alive. */
  readonly maxSockets?: number;
}

export interface Call {
  readonly method: 'GET' | 'HEAD' | 'POST';
  /** Path and query, from the root. */
  readonly path: string;
  readonly type?: string;
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly retryAfter: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Octets of one answer that are read into memory; the largest answer there is, a batch of 256 lookups, is a fraction of it. */
const MAX_ANSWER = 4 * 1024 * 1024;

/** A kept-alive TLS 1.3 connection to one gateway, with the client certificate that says who calls (CONTRACT section 2). */
export class Connection {
  readonly #url: URL;
  readonly #agent: Agent;
  readonly #timeout: number;

  constructor(options: ConnectionOptions) {
    this.#url = new URL(options.url);
    if (this.#url.protocol !== 'https:') throw new TypeError('a gateway is reached by https alone');
    this.#timeout = options.timeout ?? 30_000;
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: options.maxSockets ?? 8,
      minVersion: 'TLSv1.3',
      ...(options.ca === undefined ? {} : { ca: pem(options.ca) }),
      ...(options.cert === undefined ? {} : { cert: pem(options.cert) }),
      ...(options.key === undefined ? {} : { key: pem(options.key) }),
    });
  }

  /**
   * One request, one whole answer, whatever its status.
   * @throws NoAnswer when none came.
   */
  call(call: Call): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = this.#open(call, reject);
      request.on('response', (response) => void collect(response).then(resolve, (cause: unknown) => reject(noAnswer(cause))));
      request.end(call.body);
    });
  }

  /** A request whose body is written, and whose answer is read, bit by bit. The caller ends or destroys `request`. */
  stream(call: Call): { readonly request: ClientRequest; readonly response: Promise<IncomingMessage> } {
    let opened: ClientRequest | null = null;
    const response = new Promise<IncomingMessage>((resolve, reject) => {
      opened = this.#open(call, reject);
      opened.on('response', resolve);
    });
    if (opened === null) throw new Error('the request was not opened');
    return { request: opened, response };
  }

  close(): void {
    this.#agent.destroy();
  }

  #open(call: Call, reject: (error: NoAnswer) => void): ClientRequest {
    const size = call.body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(call.body)) };
    const request = httpsRequest({
      agent: this.#agent,
      host: this.#url.hostname,
      port: this.#url.port === '' ? 443 : Number(this.#url.port),
      method: call.method,
      path: call.path,
      headers: { ...call.headers, ...(call.type === undefined ? {} : { 'Content-Type': call.type }), ...size },
    });
    request.setTimeout(this.#timeout, () => request.destroy(new Error('no octet in time')));
    request.on('error', (cause) => reject(noAnswer(cause)));
    return request;
  }
}

const pem = (value: string | Uint8Array): string | Buffer => (typeof value === 'string' ? value : Buffer.from(value));

const collect = async (response: IncomingMessage): Promise<Answer> => {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_ANSWER) throw new UnexpectedAnswer('the answer is too large');
    parts.push(part);
  }
  if (!response.complete) throw new Error('the answer was cut off');
  return {
    status: response.statusCode ?? 0,
    type: response.headers['content-type'] ?? '',
    retryAfter: response.headers['retry-after'],
    headers: response.headers,
    body: Buffer.concat(parts),
  };
};

const noAnswer = (cause: unknown): NoAnswer => {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
  return new NoAnswer(
    `no answer${code === '' ? '' : ` (${code})`}${isUnknownAuthority(code) ? ": give the authority of the server's certificate (ca)" : ''}`,
    !(isCertificateError(code) || cause instanceof UnexpectedAnswer),
    cause,
  );
};

/** Codes for a certificate whose authority nobody named here. */
const isUnknownAuthority = (code: string): boolean => /SELF_SIGNED|UNABLE_TO_(?:GET_ISSUER|VERIFY_LEAF)/.test(code);

/** OpenSSL's and Node's codes for a server certificate or a handshake that fails the same way each time. */
const isCertificateError = (code: string): boolean => /CERT|SIGNED|ALTNAME|ERR_SSL|UNABLE_TO|EPROTO|ENOTFOUND/.test(code);
