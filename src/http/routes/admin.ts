import { answerJson, answerWith, NO_STORE } from '../answer.js';
import { problemDocument, PROBLEM_TYPE } from '../problem.js';
import type { Route } from '../route.js';

/**
 * Reads policies, trust, principals and TLS files again and swaps all of it, or nothing. An operator may see the names of files: what is wrong is
 * told whole, since it is the operator who mends it.
 */
export const adminReload: Route = {
  method: 'POST',
  path: '/v1/admin/reload',
  access: ['operator'],
  consumes: [],
  urgency: 'reserved',
  async handle({ site, requestId }) {
    const outcome = await site.configuration.reload();
    const { versions } = site.configuration.state();
    if (outcome.ok) return answerJson(200, { versions });
    const reason = 'configuration-refused';
    const document = { ...problemDocument({ reason }, requestId), problems: outcome.problems, versions };
    return { ...answerWith(409, PROBLEM_TYPE, JSON.stringify(document), NO_STORE), reason };
  },
};
