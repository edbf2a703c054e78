import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from './answer.js';
import { LIMITS } from './limits.js';

/** CONTRACT section 3: nosniff on every answer. The name of the site is its certificate's, and never to be reached without TLS. */
export const COMMON_HEADERS: readonly string[] = [
  'X-Content-Type-Options',
  'nosniff',
  'Strict-Transport-Security',
  'max-age=31536000; includeSubDomains',
];

/** The header fields of every answer, flat; `last`: the connection closes after it. */
export const headersOf = (answer: Answer, size: number, requestId: string, last: boolean): string[] => {
  const headers = [...COMMON_HEADERS, 'X-Request-Id', requestId, 'Content-Type', answer.type, ...answer.headers];
  // RFC 9110 section 8.6: no length where there is never a content; of a 304 it would have to be that of what is not sent.
  if (answer.status !== 204 && answer.status !== 304) headers.push('Content-Length', String(size));
  if (last) headers.push('Connection', 'close');
  return headers;
};

/**
 * Writes an answer whole.
 * A body that the route did not read is read and dropped first, up to a bound: closing on a client that is still sending would reset the
 * connection and take the answer with it.
 * @param stallMs ms without progress after which a reader is cut off
 */
export const respond = async (
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  requestId: string,
  draining: boolean,
  stallMs: number = LIMITS.streamIdleMs,
): Promise<void> => {
  if (answer.body === null || response.destroyed) return;
  // Who takes nothing of its answer for so long is cut off: what is not taken stays in memory. Node sets another time once all of it is.
  response.setTimeout(stallMs);
  const unread = hasBody(request) && !request.readableEnded;
  const last = draining || (unread && !fitsLinger(request));
  const size = Buffer.byteLength(answer.body);
  const headers = headersOf(answer, size, requestId, last);
  if (request.method === 'HEAD') {
    response.writeHead(answer.status, headers).end();
    return;
  }
  response.writeHead(answer.status, headers);
  // As many octets as characters: ASCII, which Node sends as latin1 at a third of the memory that it sets aside for UTF-8.
  const encoding = size === answer.body.length ? 'latin1' : 'utf8';
  if (!unread) {
    response.end(answer.body, encoding);
    return;
  }
  response.write(answer.body, encoding);
  await dropBody(request);
  // What the client still owes of this body would be read as its next request.
  if (request.readableEnded) response.end();
  else response.end(() => request.socket.destroySoon());
};

const hasBody = (request: IncomingMessage): boolean =>
  request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;

const fitsLinger = (request: IncomingMessage): boolean =>
  request.headers['transfer-encoding'] === undefined && Number(request.headers['content-length']) <= LIMITS.lingerBytes;

/** Reads and drops what the client still sends, up to a bound in octets and in time. */
export const dropBody = (request: IncomingMessage): Promise<void> =>
  new Promise((resolve) => {
    let left: number = LIMITS.lingerBytes;
    const finish = (): void => {
      clearTimeout(timer);
      request.off('data', onData).off('end', finish).off('close', finish);
      resolve();
    };
    const timer = setTimeout(finish, LIMITS.lingerMs);
    const onData = (chunk: Buffer): void => {
      left -= chunk.length;
      if (left < 0) finish();
    };
    request.on('data', onData).on('end', finish).on('close', finish);
    request.resume();
  });
