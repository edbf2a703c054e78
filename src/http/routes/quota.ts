import { FORMULA } from '../../gateway/index.js';
import { NO_STORE, answerJson } from '../answer.js';
import { quotaFields } from '../quota-fields.js';
import { clientOf, type Route } from '../route.js';
import { LOOKS_UP } from './lookups.js';

const timeOf = (ms: number): string => new Date(ms).toISOString();

/** The caller's own quota: the formula and its inputs, so that anybody can work it out, and what is left of it. Costs nothing. */
export const quota: Route = {
  method: 'GET',
  path: '/v1/quota',
  access: LOOKS_UP,
  consumes: [],
  urgency: 'normal',
  async handle(exchange) {
    const standing = await exchange.site.gateway.quota(clientOf(exchange));
    const { limit, used, remaining, epoch, mappings, terms, bucket } = standing;
    const { base, factor, contacts, reachable, epochHours, burst, rate } = terms;
    const document = {
      limit,
      used,
      remaining,
      epoch: { start: timeOf(epoch.start), end: timeOf(epoch.end), hours: epochHours },
      reset: timeOf(epoch.end),
      formula: FORMULA,
      inputs: { mappings, base, factor, contacts, reachable },
      burst: { size: bucket, share: burst, rate },
    };
    return answerJson(200, document, [...NO_STORE, ...quotaFields(standing)]);
  },
};
