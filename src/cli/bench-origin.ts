import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';

/** A TLS server of paths that is mostly a bad one. */
export interface OriginTask {
  readonly cert: string;
  readonly key: string;
  /** What `/path.pem` gives. */
  readonly body: string;
}

/** ms between two octets of what never ends. */
const TRICKLE_MS = 100;

let running: Server | null = null;

/** `/path.pem` answers, `/endless` trickles and never ends, everything else never begins. Starts once; the process ends with its input. */
export const work = async (task: unknown): Promise<{ port: number }> => {
  const { cert, key, body } = task as OriginTask;
  running = createServer({ cert, key }, ({ url }, response) => {
    response.on('error', () => undefined);
    const head = { 'Content-Type': 'text/plain', 'Cache-Control': 'max-age=3600' };
    if (url === '/path.pem') response.writeHead(200, head).end(body);
    if (url !== '/endless') return;
    response.writeHead(200, head);
    const timer = setInterval(() => response.write('a'), TRICKLE_MS);
    response.on('close', () => clearInterval(timer));
  });
  running.on('tlsClientError', () => undefined);
  running.unref();
  await new Promise<void>((resolve) => running?.listen(0, '127.0.0.1', resolve));
  return { port: (running.address() as AddressInfo).port };
};
