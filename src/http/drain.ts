import type { IncomingMessage } from 'node:http';
import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Admission } from './admission.js';
import { LIMITS } from './limits.js';

/**
 * Ends a server without cutting anybody off who is being answered.
 * Node closes idle connections itself, but takes one that has not asked anything yet for a busy one, and stops its own time limits when it
 * begins to close: such connections are kept count of here.
 */
export class Drain {
  readonly #server: Server;
  readonly #admission: Admission;
  readonly #connections = new Set<Socket>();
  readonly #unused = new Set<Socket>();

  constructor(server: Server, admission: Admission) {
    this.#server = server;
    this.#admission = admission;
    server.on('connection', (socket: Socket) => {
      this.#connections.add(socket);
      socket.once('close', () => this.#connections.delete(socket));
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      this.#unused.add(socket);
      socket.once('close', () => this.#unused.delete(socket));
    });
    server.on('request', (request: IncomingMessage) => this.#unused.delete(request.socket));
  }

  /** Not ready at once; resolves when the last connection is closed, at the latest after the drain time. */
  async run(): Promise<void> {
    this.#admission.startDraining();
    await new Promise((resolve) => setTimeout(resolve, LIMITS.drainNoticeMs));
    const closed = new Promise((resolve) => this.#server.close(resolve));
    const sweep = setInterval(() => this.#closeIdle(), 25);
    const deadline = setTimeout(() => this.#closeAll(), LIMITS.drainMs);
    await closed;
    clearInterval(sweep);
    clearTimeout(deadline);
  }

  #closeIdle(): void {
    // Standards: stack 4: close() alone waits for every idle keep-alive client.
    this.#server.closeIdleConnections();
    for (const socket of this.#unused) socket.destroy();
  }

  #closeAll(): void {
    this.#server.closeAllConnections();
    for (const socket of this.#connections) socket.destroy();
  }
}
