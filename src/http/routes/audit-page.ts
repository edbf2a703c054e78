import { z } from 'zod';
import { answerWith } from '../answer.js';
import type { Route } from '../route.js';

/** The page of people who would rather look than read. Anybody may have it: it reads what is public, and verifies that itself. */
const served = { method: 'GET', access: 'public', consumes: [], urgency: 'normal' } as const;

/** Whoever passes a link on may add to its query: the page reads none of it. */
const query = z.looseObject({});

/** What the page reads is named relative to a path that ends in "/". */
export const auditPlace: Route = {
  ...served,
  path: '/audit',
  query,
  handle: () => answerWith(308, 'text/plain; charset=utf-8', '/audit/\n', ['Location', '/audit/', 'Cache-Control', 'no-cache']),
};

export const auditIndex: Route = {
  ...served,
  path: '/audit/',
  query,
  handle: ({ site, request }) => site.auditPage.answer('index.html', request),
};

export const auditFile: Route = {
  ...served,
  path: '/audit/*path',
  handle: ({ site, request, params }) => site.auditPage.answer(params['path'] ?? '', request),
};
