import { Refusal } from '../reasons/index.js';
import type { FeedReader } from '../gateway/index.js';
import { answerWith, NO_STORE, STREAMED, type Answer } from './answer.js';
import { EventStream } from './event-stream.js';
import { LIMITS } from './limits.js';
import { COMMON_HEADERS } from './respond.js';
import { clientOf, type Exchange } from './route.js';

export const EVENT_STREAM = 'text/event-stream';

/** A stream outlives much: certificates, reloads, a client's standing, and what it may hear: a number provider hears of the SPC that it has now. */
const isWelcome = (exchange: Pick<Exchange, 'caller' | 'client'>): boolean => {
  const then = clientOf(exchange);
  try {
    const now = exchange.caller();
    return now.kind === then.kind && now.spc === then.spc;
  } catch (thrown) {
    if (thrown instanceof Refusal) return false;
    throw thrown;
  }
};

export interface Feed<T> {
  /** From after `after`, an id that was told before; null: all that is kept. */
  readonly read: (after: string | null, wake: () => void) => FeedReader<T>;
  readonly textOf: (event: T) => string;
  readonly written: (events: number) => void;
}

/** Answers with server-sent events from a feed, until either side ends it. It takes nobody's place among the requests meanwhile. */
export const openEventStream = <T>(exchange: Exchange, { read, textOf, written }: Feed<T>): Answer => {
  const { request, response, requestId, site } = exchange;
  const client = clientOf(exchange);
  if (request.method === 'HEAD') return answerWith(200, EVENT_STREAM, '', NO_STORE);
  const { streams, metrics } = site;
  streams.makeRoom(client.domain);
  const after = request.headers['last-event-id'];
  // Whatever ends it, the connection ends with it: a drain waits for no idle one.
  response.shouldKeepAlive = false;
  response.writeHead(200, [
    ...COMMON_HEADERS,
    'X-Request-Id',
    requestId,
    'Content-Type',
    EVENT_STREAM,
    ...NO_STORE,
    'X-Accel-Buffering',
    'no',
  ]);
  const { heartbeatMs, streamIdleMs: stallMs } = LIMITS;
  const stream: EventStream<T> = new EventStream(
    {
      response,
      heartbeatMs,
      stallMs,
      isWelcome: () => isWelcome(exchange),
      written,
      ended: (how) => {
        metrics.streamEnded(how);
        streams.remove(client.domain, stream);
      },
    },
    (wake) => read(typeof after === 'string' && after !== '' ? after : null, wake),
    textOf,
  );
  streams.add(client.domain, stream);
  return STREAMED;
};
