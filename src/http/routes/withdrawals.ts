import { answerJson } from '../answer.js';
import { parseBody } from '../body.js';
import { clientOf, type Route } from '../route.js';
import { withdrawal } from '../schemas.js';

/** An AP gives up its own mapping: its connection is proof enough, since giving up takes nothing from anybody else (DESIGN section 7). */
export const withdrawals: Route = {
  method: 'POST',
  path: '/v1/withdrawals',
  access: ['ap'],
  consumes: ['application/json'],
  urgency: 'reserved',
  async handle(exchange) {
    const request = parseBody(await exchange.body(), withdrawal);
    const { logIndex, receipt } = await exchange.site.gateway.withdraw(request, clientOf(exchange));
    return answerJson(200, { logIndex, receipt });
  },
};
