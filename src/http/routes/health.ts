import { answerJson, answerWith } from '../answer.js';
import { problemDocument, PROBLEM_TYPE } from '../problem.js';
import type { Route } from '../route.js';
import type { CommonSite } from '../site.js';

/** The process turns. Stays yes while draining: a supervisor that asks must not kill what is finishing. */
export const healthz: Route<CommonSite> = {
  method: 'GET',
  path: '/healthz',
  access: 'public',
  consumes: [],
  urgency: 'always',
  handle: () => answerJson(200, { status: 'ok' }),
};

/**
 * Whether every promise can be kept. A balancer's probe has no client certificate, so yes or no is public; which promise is broken helps
 * attackers as much as operators, so only operators and auditors are told. A file on disk that cannot be put in force is a remark, no unreadiness:
 * the gateway keeps every promise under what it has, and one bad file must not take every instance away at once.
 */
export const readyz: Route = {
  method: 'GET',
  path: '/readyz',
  access: 'public',
  consumes: [],
  urgency: 'always',
  async handle({ site, client, requestId }) {
    const { ready, problems } = site.admission.draining ? { ready: false, problems: ['draining'] } : await site.gateway.readiness();
    const told = client !== null && (client.kind === 'operator' || client.kind === 'auditor');
    const { remarks } = site.configuration.state();
    if (ready) return answerJson(200, { ready: true, ...(told ? { problems, remarks } : {}) });
    const reason = site.admission.draining ? 'draining' : 'not-ready';
    const document = { ...problemDocument({ reason }, requestId), ready: false, ...(told ? { problems, remarks } : {}) };
    return { ...answerWith(503, PROBLEM_TYPE, JSON.stringify(document), ['Cache-Control', 'no-store', 'Retry-After', '1']), reason };
  },
};
