import { JSON_TYPE, answerJson, answerWith } from '../answer.js';
import type { Route } from '../route.js';

const CACHE = ['Cache-Control', 'public, max-age=300'];

/** The steps of verification, their clauses and what each may refuse with; and every reason code. */
export const reasons: Route = {
  method: 'GET',
  path: '/v1/reasons',
  access: 'public',
  consumes: [],
  urgency: 'normal',
  handle: ({ site }) => answerJson(200, site.reasons, CACHE),
};

export const openapi: Route = {
  method: 'GET',
  path: '/openapi.json',
  access: 'public',
  consumes: [],
  urgency: 'normal',
  handle: ({ site }) => answerWith(200, JSON_TYPE, site.openapi, CACHE),
};

/** Where things are, and the keys under which the log and receipts are signed. Who takes keys from here trusts this connection alone. */
export const discovery: Route = {
  method: 'GET',
  path: '/.well-known/mimi-discovery',
  access: 'public',
  consumes: [],
  urgency: 'normal',
  handle: ({ site }) =>
    answerJson(
      200,
      {
        ...site.discovery,
        log: '/log',
        endpoints: {
          passports: '/v1/passports',
          withdrawals: '/v1/withdrawals',
          lookups: '/v1/lookups',
          invalidations: '/v1/invalidations',
          quota: '/v1/quota',
          webhook: '/v1/webhook',
          entries: '/v1/entries',
          monitor: '/v1/monitor',
          coverage: '/v1/coverage',
          reasons: '/v1/reasons',
        },
        openapi: '/openapi.json',
      },
      CACHE,
    ),
};
