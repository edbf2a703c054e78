import { NO_STORE, answerJson } from '../answer.js';
import { parseBody } from '../body.js';
import { clientOf, type Route } from '../route.js';
import { erasure } from '../schemas.js';

/** A subject's wish to be forgotten. Nothing held, or forgotten before: the same answer, without a new leaf. */
export const erasures: Route = {
  method: 'POST',
  path: '/v1/admin/erasures',
  access: ['operator'],
  consumes: ['application/json'],
  urgency: 'reserved',
  async handle(exchange) {
    const { site, requestId } = exchange;
    const request = parseBody(await exchange.body(), erasure);
    const { domain: by } = clientOf(exchange);
    const answer = await site.gateway.erase(request, clientOf(exchange));
    site.log.info({ requestId, by, erased: answer.erased, logIndex: answer.logIndex }, 'erasure');
    return answerJson(200, answer, NO_STORE);
  },
};
