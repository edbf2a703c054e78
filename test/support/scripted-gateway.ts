import { randomBytes } from 'node:crypto';
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { encodePem } from '../../src/encoding/index.js';
import { DevelopmentPki } from '../../src/issuance/index.js';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly type: string | undefined;
  readonly body: string;
  readonly lastEventId?: string;
  /** Common name of the client certificate that was presented; undefined for none. */
  readonly client: string | undefined;
}

export type Script = (seen: Seen, response: ServerResponse, turn: number) => void;

export interface ScriptedGateway {
  readonly url: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly seen: Seen[];
  close(): Promise<void>;
}

/** A TLS 1.3 server on a free port that answers as the test says: for answers that a sound gateway never gives. */
export const scriptedGateway = async (script: Script): Promise<ScriptedGateway> => {
  const pki = new DevelopmentPki({ now: () => Date.now(), random: randomBytes });
  const server = pki.tlsServer();
  const client = pki.tlsClient('a.example');
  const ca = encodePem('CERTIFICATE', pki.authority('tls-ca').certificate);
  const seen: Seen[] = [];
  const listener = createServer(
    { ca, cert: pemOf(server.path), key: keyOf(server), minVersion: 'TLSv1.3', requestCert: true, rejectUnauthorized: true },
    (request, response) => {
      void readSeen(request).then((one) => script(one, response, seen.push(one)));
    },
  );
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  return {
    url: `https://localhost:${port}`,
    ca,
    cert: pemOf(client.path),
    key: keyOf(client),
    seen,
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        listener.closeAllConnections();
      }),
  };
};

type Issued = ReturnType<DevelopmentPki['tlsServer']>;

const pemOf = (path: Issued['path']): string => path.map((der) => encodePem('CERTIFICATE', der)).join('');

const keyOf = ({ key }: Issued): string => key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

const readSeen = async (request: IncomingMessage): Promise<Seen> => {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  const socket = request.socket as IncomingMessage['socket'] & { getPeerCertificate?: () => { subject?: { CN?: string | string[] } } };
  const name = socket.getPeerCertificate?.().subject?.CN;
  const lastEventId = request.headers['last-event-id']?.toString();
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    type: request.headers['content-type'],
    body: Buffer.concat(parts).toString('utf8'),
    ...(lastEventId === undefined ? {} : { lastEventId }),
    client: typeof name === 'string' ? name : undefined,
  };
};

export const answerJson = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void => {
  response.writeHead(status, { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json', ...headers });
  response.end(JSON.stringify(body));
};

/** The promise's rejection, which must come. */
export const rejectionOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => Promise.reject(new Error('nothing was thrown')),
    (error: unknown) => error,
  );
