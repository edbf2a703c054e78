import type { Duplex } from 'node:stream';
import { problemAnswer, type ProblemFacts } from './problem.js';
import { headersOf } from './respond.js';
import type { RequestIds } from './request-id.js';

const PHRASES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  431: 'Request Header Fields Too Large',
};

/** Answers on the bare connection, where there is no request to answer, and closes it: what follows an unreadable request is unreadable. */
export const writeRawAnswer = (socket: Duplex, facts: ProblemFacts, ids: RequestIds): void => {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const requestId = ids.next();
  const answer = problemAnswer(facts, requestId);
  const body = String(answer.body);
  const headers = headersOf(answer, Buffer.byteLength(body), requestId, true);
  let head = `HTTP/1.1 ${answer.status} ${PHRASES[answer.status] ?? 'Error'}\r\n`;
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
  socket.end(`${head}\r\n${body}`);
};

/** What the parser's error means to the client. */
export const parserFacts = (error: Error): ProblemFacts => {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'HPE_HEADER_OVERFLOW') return { reason: 'too-large', status: 431, detail: 'header fields' };
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return { reason: 'too-large', detail: 'chunk extensions' };
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return { reason: 'malformed-request', status: 408, detail: 'the request did not come in time' };
  return { reason: 'malformed-request', detail: 'not HTTP/1.1' };
};
