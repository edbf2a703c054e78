import { NO_STORE, answerJson } from '../answer.js';
import { ANY_PRINCIPAL, type Route } from '../route.js';

/** How many numbers and mailboxes can be reached here, by calling code: what a provider that thinks of joining, or has joined, sees grow. Rounded down. */
export const coverage: Route = {
  method: 'GET',
  path: '/v1/coverage',
  access: ANY_PRINCIPAL,
  consumes: [],
  urgency: 'normal',
  async handle({ site }) {
    const { time, areas } = await site.gateway.coverage();
    const shown = areas.map(({ area, siis }) => ({ code: area, siis }));
    return answerJson(200, { asOf: new Date(time).toISOString(), coverage: shown }, NO_STORE);
  },
};
