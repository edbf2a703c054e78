import type { Change } from '../../gateway/index.js';
import { openEventStream } from '../open-event-stream.js';
import { clientOf, type Route } from '../route.js';

/** Server-sent events: `{"sii"}` for each answer that the caller still holds and that changed, at least once, in order; `event: reset`: drop all. */
export const invalidations: Route = {
  method: 'GET',
  path: '/v1/invalidations',
  access: ['ap', 'dp', 'np', 'ep', 'auditor'],
  consumes: [],
  urgency: 'normal',
  handle(exchange) {
    const { metrics, gateway } = exchange.site;
    return openEventStream(exchange, {
      read: (after, wake) => gateway.changes(clientOf(exchange), after, wake),
      textOf: changeText,
      written: (changes) => metrics.changesPushed(changes),
    });
  },
};

export const changeText = ({ id, sii }: Change): string =>
  sii === null ? `event: reset\nid: ${id}\ndata: {}\n\n` : `id: ${id}\ndata: ${JSON.stringify({ sii })}\n\n`;
