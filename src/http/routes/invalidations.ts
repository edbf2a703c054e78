import { Refusal } from '../../reasons/index.js';
import { answerWith, NO_STORE, STREAMED } from '../answer.js';
import { InvalidationStream } from '../invalidation-stream.js';
import { LIMITS } from '../limits.js';
import { COMMON_HEADERS } from '../respond.js';
import { clientOf, type Exchange, type Route } from '../route.js';

export const EVENT_STREAM = 'text/event-stream';

/** A stream outlives much: certificates, reloads, a client's standing. */
const isWelcome = (exchange: Pick<Exchange, 'caller'>): boolean => {
  try {
    exchange.caller();
    return true;
  } catch (thrown) {
    if (thrown instanceof Refusal) return false;
    throw thrown;
  }
};

/**
 * Server-sent events: `{"sii"}` for each answer that the caller still holds and that changed, at least once, in order; `event: reset`: drop all.
 * Goes on until either side ends it, and takes nobody's place among the requests meanwhile.
 */
export const invalidations: Route = {
  method: 'GET',
  path: '/v1/invalidations',
  access: ['ap', 'dp', 'np', 'ep', 'auditor'],
  consumes: [],
  urgency: 'normal',
  handle(exchange) {
    const { request, response, requestId, site } = exchange;
    const client = clientOf(exchange);
    if (request.method === 'HEAD') return answerWith(200, EVENT_STREAM, '', NO_STORE);
    const { streams, metrics, gateway } = site;
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
    const stream: InvalidationStream = new InvalidationStream(
      {
        response,
        heartbeatMs,
        stallMs,
        isWelcome: () => isWelcome(exchange),
        written: (changes) => metrics.changesPushed(changes),
        ended: (how) => {
          metrics.streamEnded(how);
          streams.remove(client.domain, stream);
        },
      },
      (wake) => gateway.changes(client, typeof after === 'string' && after !== '' ? after : null, wake),
    );
    streams.add(client.domain, stream);
    return STREAMED;
  },
};
