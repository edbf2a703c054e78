import { answerWith } from '../answer.js';
import type { Route } from '../route.js';
import type { CommonSite } from '../site.js';

/**
 * For operators and auditors: no label is personal, but how much a gateway is used and refuses is its business.
 * A scraper gets a principal of kind operator.
 */
export const metrics: Route<CommonSite> = {
  method: 'GET',
  path: '/metrics',
  access: ['operator', 'auditor'],
  consumes: [],
  urgency: 'always',
  async handle({ site }) {
    const { registry } = site.metrics;
    return answerWith(200, registry.contentType, await registry.metrics(), ['Cache-Control', 'no-store']);
  },
};
