import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MemoryMappingStore } from '../adapters/memory/index.js';
import { ssiOf, unpackSubject } from '../registry/index.js';
import { fillStore, idOf } from './bench-subject.js';

/** A server with nothing of ours but the store: node:https, the same TLS, one answer a request. What no gateway in Node can beat. */
export interface BareTask {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** Numbers that have a mapping. */
  readonly numbers: readonly string[];
}

let running: Server | null = null;

/** Starts the server once; the process ends with its input. */
export const work = async (task: unknown): Promise<{ url: string }> => {
  const { ca, cert, key, numbers } = task as BareTask;
  const store = new MemoryMappingStore();
  await fillStore(store, numbers.length, (index) => numbers[index] ?? '');
  running = createServer({ ca, cert, key, minVersion: 'TLSv1.3', requestCert: true, rejectUnauthorized: true }, (request, response) => {
    void answer(store, request, response);
  });
  running.unref();
  await new Promise<void>((resolve) => running?.listen(0, '127.0.0.1', resolve));
  return { url: `https://localhost:${(running.address() as AddressInfo).port}` };
};

/** As large as an acceptance with its receipt. */
const ACCEPTANCE = JSON.stringify({ padding: 'x'.repeat(600) });

const answer = async (store: MemoryMappingStore, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  if (request.url !== '/v1/lookups') {
    response.writeHead(201, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(ACCEPTANCE) }).end(ACCEPTANCE);
    return;
  }
  const { sii } = JSON.parse(Buffer.concat(parts).toString('utf8')) as { sii: string };
  const [packed] = await store.get([idOf(sii)], () => 0);
  const mappings = packed === null || packed === undefined ? [] : unpackSubject(packed).mappings.map((one) => ({ ssi: ssiOf(one) }));
  const body = JSON.stringify({ sii, mappings, ttl: 60 }).padEnd(2048);
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length }).end(body);
};
