import { connect as connectSocket, type Socket } from 'node:net';
import { FetchFailure } from './fetch-failure.js';
import { FETCH_LIMITS } from './limits.js';

/** Begins a TCP connection to an address. */
export type Connect = (address: string, port: number) => Socket;

const directly: Connect = (host, port) => connectSocket({ host, port, noDelay: true });

export interface Connecting {
  /** As the resolver gave them. */
  readonly addresses: readonly string[];
  readonly port: number;
  readonly isAllowed: (address: string) => boolean;
  readonly connect?: Connect | undefined;
  readonly signal: AbortSignal;
}

/**
 * A connection to one of the addresses. Proves that every address was allowed, and that the peer of this very connection is: nothing has been
 * sent on it yet, and no name is looked up again.
 * @throws FetchFailure `name-not-resolved`, `address-not-allowed`, `connect-failed`
 */
export const openChecked = async ({ addresses, port, isAllowed, connect = directly, signal }: Connecting): Promise<Socket> => {
  if (addresses.length === 0) throw new FetchFailure('name-not-resolved');
  // One bad answer spoils the host: who can put it there can put it first the next time.
  if (!addresses.every(isAllowed)) throw new FetchFailure('address-not-allowed');
  const tried = addresses.slice(0, FETCH_LIMITS.maxAttempts);
  let last: unknown;
  for (const [index, address] of tried.entries()) {
    const patience = index === tried.length - 1 ? null : FETCH_LIMITS.attemptMs;
    const socket = connect(address, port);
    try {
      await connected(socket, patience, signal);
    } catch (error) {
      socket.destroy();
      if (signal.aborted) throw error;
      last = error;
      continue;
    }
    if (socket.remoteAddress !== undefined && isAllowed(socket.remoteAddress)) return socket;
    socket.destroy();
    throw new FetchFailure('address-not-allowed');
  }
  throw new FetchFailure('connect-failed', null, last);
};

const connected = (socket: Socket, patienceMs: number | null, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const settle = (end: () => void) => (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      end();
    };
    const timer = patienceMs === null ? undefined : setTimeout(() => socket.destroy(new Error('no connection in time')), patienceMs);
    const aborted = settle(() => reject(new FetchFailure('aborted')));
    signal.addEventListener('abort', aborted);
    socket.once('connect', settle(resolve));
    // Stays: an error after the connection is read by who uses it, and must not be an uncaught one until then.
    socket.on('error', (error) => settle(() => reject(error))());
    if (signal.aborted) aborted();
  });
