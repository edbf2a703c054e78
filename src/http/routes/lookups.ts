import { z } from 'zod';
import { OverQuota, type Gateway, type Principal, type QuotaStanding } from '../../gateway/index.js';
import { JSON_TYPE, answerWith, type Answer } from '../answer.js';
import { parseBody } from '../body.js';
import { LIMITS } from '../limits.js';
import { padJson } from '../padding.js';
import { factsOf, problemAnswer } from '../problem.js';
import { quotaFields } from '../quota-fields.js';
import { clientOf, type Exchange, type Kind, type Route } from '../route.js';
import { lookupBatch, lookupQuery, signedLookup } from '../schemas.js';

const TTL_WIDTH = 7;

/** APs look up; auditors too, since they alone see every `logIndex`. NPs and EPs hold no conversations, and have their monitor instead. */
export const LOOKS_UP: readonly Kind[] = ['ap', 'auditor'];

/**
 * Who can be reached under an SII. One code path for a hit and a miss: the same members, one size, header fields of constant width
 * but for the caller's own quota, and one time (docs/adr/0026). Over the quota nothing is answered, and nothing counted.
 */
export const lookups: Route = {
  method: 'POST',
  path: '/v1/lookups',
  access: LOOKS_UP,
  consumes: ['application/json'],
  urgency: 'normal',
  async handle(exchange) {
    const { site } = exchange;
    const octets = await exchange.body();
    // From where the client has no say: it could else send its last octet where a little more work makes the next step.
    const since = site.clock.monotonic();
    let steps = 1;
    try {
      const body = parseBody(octets, lookupBody);
      steps = stepsOf(body);
      return await answerTo(exchange, body);
    } finally {
      // Whatever was found, refusals too: all work that follows from it is done.
      await site.answerSteps.leave(since, steps);
    }
  },
};

export const lookupBody = z.union([lookupQuery, signedLookup, lookupBatch]);
type LookupBody = z.output<typeof lookupBody>;

const stepsOf = (body: LookupBody): number => {
  if ('lookups' in body) return Math.ceil(body.lookups.length / LIMITS.lookupsPerStep);
  return 'signed' in body ? LIMITS.stepsPerSignature : 1;
};

const answerTo = async (exchange: Exchange, body: LookupBody): Promise<Answer> => {
  const { site } = exchange;
  const client = clientOf(exchange);
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
  const text = padJson(JSON.stringify(found.document), found.padding);
  // Of a large text, what it takes to become octets follows from what was found, and would come after the step.
  return answerWith(200, JSON_TYPE, found.padding > LIMITS.paddingBytes ? Buffer.from(text) : text, headers);
};

interface Answered {
  readonly document: unknown;
  readonly queries: number;
  /** Seconds: the least of all answers. */
  readonly ttl: number;
  readonly padding: number;
  readonly quota: QuotaStanding;
}

const answered = async (gateway: Gateway, body: LookupBody, client: Principal): Promise<Answered> => {
  if ('signed' in body) {
    const { answer, quota } = await gateway.lookupSigned(body, client);
    return { document: answer, queries: 1, ttl: answer.ttl, padding: LIMITS.signedPaddingBytes, quota };
  }
  const queries = 'lookups' in body ? body.lookups : [body];
  const { answers, quota } = await gateway.lookup(queries, client);
  const ttl = answers.reduce((least, answer) => Math.min(least, answer.ttl), Number.MAX_SAFE_INTEGER);
  // Of a batch in whole, or its size would count what was found: of 256 answers a found one has some 200 octets, and an empty one 56.
  const padding = LIMITS.paddingBytes * Math.ceil(queries.length / LIMITS.lookupsPerPadding);
  return { document: 'lookups' in body ? { answers } : answers[0], queries: queries.length, ttl, padding, quota };
};

/** RFC 9111 section 1.2.2: delta-seconds are digits, and leading zeros are digits: the ttl of a hit and of a miss are as wide. */
const cacheControl = (ttl: number): string => `private, max-age=${String(Math.max(0, Math.floor(ttl))).padStart(TTL_WIDTH, '0')}`;
