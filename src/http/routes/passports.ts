import { JSON_TYPE, NO_STORE, answerWith } from '../answer.js';
import { STREAM_TYPE, answerStream } from '../passport-stream.js';
import { problemAnswer } from '../problem.js';
import { clientOf, type Route } from '../route.js';
import { present } from '../submission.js';

export const PASSPORT_TYPE = 'application/passport';

/**
 * Everything that a PASSporT does. APs present what they were given; NPs and EPs their own releases, withdrawals and ports; operators, and NPs that it
 * concerns, what the numbering authority says.
 * Whether this client may present this PASSporT is the step `check-presenter`.
 */
export const passports: Route = {
  method: 'POST',
  path: '/v1/passports',
  access: ['ap', 'np', 'ep', 'operator'],
  consumes: [PASSPORT_TYPE, STREAM_TYPE],
  urgency: 'normal',
  async handle(exchange) {
    if (exchange.mediaType === STREAM_TYPE) return answerStream(exchange);
    // One character an octet: what is not ASCII stays visible to the strict parser.
    const passport = (await exchange.body()).toString('latin1');
    const answer = await present(exchange.site, passport, clientOf(exchange));
    if (!answer.accepted) return problemAnswer(answer.facts, exchange.requestId);
    return answerWith(answer.status, JSON_TYPE, JSON.stringify(answer.body), NO_STORE);
  },
};
