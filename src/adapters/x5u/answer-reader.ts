import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FetchFailure } from './fetch-failure.js';

export interface FetchedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly octets: Buffer;
}

/**
 * The body of a 200 answer, as far as the budget goes.
 * @throws FetchFailure `redirect`, `status`, `content-encoding`, `content-type`, `too-large`, `broken-answer`
 */
export const readAnswer = async (
  answer: IncomingMessage,
  { maxOctets, contentTypes }: { readonly maxOctets: number; readonly contentTypes?: readonly string[] },
): Promise<FetchedAnswer> => {
  const { headers, statusCode: status = 0 } = answer;
  if (status >= 300 && status < 400) throw new FetchFailure('redirect', status);
  if (status !== 200) throw new FetchFailure('status', status);
  // None was asked for, and none is undone: a bomb stays as small as it came.
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding !== 'identity') throw new FetchFailure('content-encoding', status);
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (contentTypes !== undefined && !contentTypes.includes(type)) throw new FetchFailure('content-type', status);
  if (Number(headers['content-length'] ?? 0) > maxOctets) throw new FetchFailure('too-large', status);
  return { status, headers, octets: await readBody(answer, maxOctets) };
};

const readBody = async (answer: IncomingMessage, maxOctets: number): Promise<Buffer> => {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of answer as AsyncIterable<Buffer>) {
      length += part.length;
      if (length > maxOctets) throw new FetchFailure('too-large', 200);
      parts.push(part);
    }
  } catch (error) {
    throw error instanceof FetchFailure ? error : new FetchFailure('broken-answer', 200, error);
  }
  if (!answer.complete) throw new FetchFailure('broken-answer', 200);
  return await joined(parts, length);
};

/** Octets copied in one turn: some milliseconds on a slow machine. */
const AT_ONCE = 1 << 20;

/** A CRL has tens of megabytes: put together in one go it would hold everybody up. */
const joined = async (parts: readonly Buffer[], length: number): Promise<Buffer> => {
  if (length <= AT_ONCE) return Buffer.concat(parts);
  const whole = Buffer.allocUnsafeSlow(length);
  let at = 0;
  let next = AT_ONCE;
  for (const part of parts) {
    at += part.copy(whole, at);
    if (at < next) continue;
    next = at + AT_ONCE;
    await nextTurn();
  }
  return whole;
};
