import { once } from 'node:events';
import type { Exchange } from './route.js';
import { STREAMED, type Answer } from './answer.js';
import { LIMITS } from './limits.js';
import { COMMON_HEADERS } from './respond.js';

/**
 * Answers with lines as they come, at the pace of who reads; one that takes nothing for a while is cut off. What is thrown before the first line is a problem
 * document; after it the connection ends, and that the last line is missing shows it.
 */
export const answerLines = async (
  exchange: Pick<Exchange, 'response' | 'requestId'>,
  type: string,
  lines: AsyncIterator<string>,
): Promise<Answer> => {
  const { response, requestId } = exchange;
  let next = await lines.next();
  response.writeHead(200, [...COMMON_HEADERS, 'X-Request-Id', requestId, 'Content-Type', type, 'Cache-Control', 'private, no-cache']);
  try {
    for (; next.done !== true && !response.destroyed; next = await lines.next()) {
      if (!response.write(next.value)) await drained(response);
    }
    response.end();
  } catch (error) {
    response.destroy();
    throw error;
  } finally {
    await lines.return?.();
  }
  return STREAMED;
};

const drained = async (response: Exchange['response']): Promise<void> => {
  if (response.destroyed) return;
  const timer = setTimeout(() => response.destroy(), LIMITS.streamIdleMs);
  const over = new AbortController();
  const { signal } = over;
  try {
    await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]);
  } finally {
    // Else each wait would leave the listeners of the event that did not come.
    over.abort();
    clearTimeout(timer);
  }
};
