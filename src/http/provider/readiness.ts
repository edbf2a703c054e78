import { answerJson, answerWith } from '../answer.js';
import { PROBLEM_TYPE, problemDocument } from '../problem.js';
import type { Route } from '../route.js';
import type { ProviderSite } from './site.js';

/** Whether the desk can issue, revoke and publish. Why not is told to operators alone: it would help who waits for a gap. */
export const readyz: Route<ProviderSite> = {
  method: 'GET',
  path: '/readyz',
  access: 'public',
  consumes: [],
  urgency: 'always',
  handle({ site, client, requestId }) {
    const problems = site.admission.draining ? ['draining'] : site.problems();
    const told = client?.kind === 'operator' ? { problems } : {};
    if (problems.length === 0) return answerJson(200, { ready: true, ...told });
    const reason = site.admission.draining ? 'draining' : 'not-ready';
    const document = { ...problemDocument({ reason }, requestId), ready: false, ...told };
    return { ...answerWith(503, PROBLEM_TYPE, JSON.stringify(document), ['Cache-Control', 'no-store', 'Retry-After', '1']), reason };
  },
};
