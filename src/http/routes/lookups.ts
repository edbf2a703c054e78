import { z } from 'zod';
import { OverQuota, type Gateway, type Principal, type QuotaStanding } from '../../gateway/index.js';
import { JSON_TYPE, answerWith } from '../answer.js';
import { parseBody } from '../body.js';
import { LIMITS } from '../limits.js';
import { padJson } from '../padding.js';
import { factsOf, problemAnswer } from '../problem.js';
import { quotaFields } from '../quota-fields.js';
import { clientOf, type Kind, type Route } from '../route.js';
import { lookupBatch, lookupQuery, signedLookup } from '../schemas.js';

const TTL_WIDTH = 7;

/** APs look up; auditors too, since they alone see every `logIndex`. NPs and EPs hold no conversations, and have their monitor instead. */
export const LOOKS_UP: readonly Kind[] = ['ap', 'auditor'];

/**
 * Who can be reached under an SII. One code path for a hit and a miss: the same members, one size, header fields of constant width
 * but for the caller's own quota. Over it nothing is answered, and nothing counted.
 */
export const lookups: Route = {
  method: 'POST',
  path: '/v1/lookups',
  access: LOOKS_UP,
  consumes: ['application/json'],
  urgency: 'normal',
  async handle(exchange) {
    const { site } = exchange;
    const client = clientOf(exchange);
    const body = parseBody(await exchange.body(), lookupBody);
    let found: Answered;
    try {
      found = await answered(site.gateway, body, client);
    } catch (thrown) {
      if (!(thrown instanceof OverQuota)) throw thrown;
      const refused = problemAnswer({ ...factsOf(thrown), retryAfter: thrown.retryAfter }, exchange.requestId);
      return { ...refused, headers: [...refused.headers, ...quotaFields(thrown.standing)] };
    }
    site.metrics.lookups(client.kind, found.queries);
    const headers = ['Cache-Control', cacheControl(found.ttl), ...quotaFields(found.quota)];
    return answerWith(200, JSON_TYPE, padJson(JSON.stringify(found.document), found.padding), headers);
  },
};

export const lookupBody = z.union([lookupQuery, signedLookup, lookupBatch]);

interface Answered {
  readonly document: unknown;
  readonly queries: number;
  /** Seconds: the least of all answers. */
  readonly ttl: number;
  readonly padding: number;
  readonly quota: QuotaStanding;
}

const answered = async (gateway: Gateway, body: z.output<typeof lookupBody>, client: Principal): Promise<Answered> => {
  if ('signed' in body) {
    const { answer, quota } = await gateway.lookupSigned(body, client);
    return { document: answer, queries: 1, ttl: answer.ttl, padding: LIMITS.signedPaddingBytes, quota };
  }
  const queries = 'lookups' in body ? body.lookups : [body];
  const { answers, quota } = await gateway.lookup(queries, client);
  const ttl = answers.reduce((least, answer) => Math.min(least, answer.ttl), Number.MAX_SAFE_INTEGER);
  return { document: 'lookups' in body ? { answers } : answers[0], queries: queries.length, ttl, padding: LIMITS.paddingBytes, quota };
};

/** RFC 9111 section 1.2.2: delta-seconds are digits, and leading zeros are digits: the ttl of a hit and of a miss are as wide. */
const cacheControl = (ttl: number): string => `private, max-age=${String(Math.max(0, Math.floor(ttl))).padStart(TTL_WIDTH, '0')}`;
