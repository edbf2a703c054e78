import { z } from 'zod';
import { encodeBase64 } from '../../encoding/index.js';
import type { FoundEntries } from '../../gateway/index.js';
import { FILTER_GRAMMAR, FILTER_NAMES, parseLeafFilter, type FilterName } from '../../log/index.js';
import { Refusal } from '../../reasons/index.js';
import { JSON_TYPE, answerWith, type Answer } from '../answer.js';
import { LIMITS } from '../limits.js';
import { parseQuery } from '../query.js';
import { ANY_PRINCIPAL, clientOf, type Exchange, type Route } from '../route.js';
import { sii } from '../schemas.js';

export const JSON_LINES = 'application/jsonl';

const NOTES: Readonly<Record<FilterName, string>> = {
  verdict: 'accepted or refused',
  kind: 'kind of leaf',
  provider: 'domain of the client, or of the e-mail provider that signed',
  spc: 'SPC of the number provider that signed',
  reason: 'OK, or a reason code',
  action: 'what the PASSporT asked for',
  since: 'ISO 8601, UTC; not before',
  until: 'ISO 8601, UTC; before',
  tok: 'SHA-256 of a compact PASSporT, base64url',
};

const filters = Object.fromEntries(
  FILTER_NAMES.map((name) => [name, z.string().regex(FILTER_GRAMMAR[name]).optional().meta({ description: NOTES[name] })]),
) as Readonly<Record<FilterName, z.ZodOptional<z.ZodString>>>;

const query = z.strictObject({
  ...filters,
  sii: sii.optional().meta({ description: 'auditors alone, with a case: entries about this number or address' }),
  case: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$/)
    .optional()
    .meta({ description: 'with `sii`: the case for which is asked; it goes into the log of the gateway' }),
  order: z.enum(['newest', 'oldest']).optional().meta({ description: 'newest first, or oldest' }),
  limit: z
    .string()
    .regex(/^[1-9][0-9]{0,3}$/)
    .refine((text) => Number(text) <= LIMITS.searchPage)
    .optional()
    .meta({ description: `entries of a page, at most ${LIMITS.searchPage}; without it ${LIMITS.searchPageUsual}` }),
  cursor: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .optional()
    .meta({ description: 'of the page before; all other parameters as they were' }),
});

/** Leaves are public, and so is searching them: but whom an entry is about links what the leaves keep apart. */
export const search: Route = {
  method: 'GET',
  path: '/v1/entries',
  access: ANY_PRINCIPAL,
  consumes: [],
  query,
  urgency: 'normal',
  async handle(exchange) {
    const { sii: about = null, case: reference, order = 'newest', limit, cursor = null, ...texts } = parseQuery(exchange.query, query);
    if (about !== null) allowSubject(exchange, reference);
    else if (reference !== undefined) throw new Refusal('malformed-request', 'query: case without sii');
    const { gateway, admission } = exchange.site;
    admission.searches.hold(clientOf(exchange).domain, exchange.response);
    const found = await gateway.search({
      filter: parseLeafFilter(texts),
      sii: about,
      newestFirst: order === 'newest',
      limit: limit === undefined ? LIMITS.searchPageUsual : Number(limit),
      cursor,
    });
    return answerFound(found, exchange.request.headers.accept);
  },
};

/** @throws Refusal `sii-search-not-allowed`, `malformed-request` */
const allowSubject = (exchange: Exchange, reference: string | undefined): void => {
  const client = clientOf(exchange);
  if (client.kind !== 'auditor') throw new Refusal('sii-search-not-allowed', `kind ${client.kind}`);
  if (reference === undefined) throw new Refusal('malformed-request', 'query: case is needed with sii');
  const { site, requestId } = exchange;
  site.log.info({ requestId, client: client.domain, case: inLog(reference) }, 'entries searched by SII');
};

/** ITU-T E.164: so many digits may be a number, whoever wrote it there, and none may be in a log. */
const NUMBER_DIGITS = 7;
const inLog = (reference: string): string =>
  reference.replace(/[^0-9]/g, '').length < NUMBER_DIGITS ? reference : reference.replace(/[0-9]/g, '#');

const lineOf = ({ index, leaf, leafHash }: FoundEntries['entries'][number]): string =>
  `{"index":${index},"leaf":${Buffer.from(leaf.buffer, leaf.byteOffset, leaf.byteLength).toString('latin1')},"leafHash":"${encodeBase64(leafHash)}"}`;

const answerFound = ({ entries, cursor, size }: FoundEntries, accept: string | undefined): Answer => {
  const headers = ['Cache-Control', 'private, no-cache', 'Vary', 'Accept'];
  const lines = entries.map(lineOf);
  if (accept?.split(',').some((type) => type.split(';', 1)[0]?.trim() === JSON_LINES) === true) {
    const places = ['Signpost-Size', String(size), ...(cursor === null ? [] : ['Signpost-Cursor', cursor])];
    return answerWith(200, JSON_LINES, lines.map((line) => `${line}\n`).join(''), [...headers, ...places]);
  }
  return answerWith(200, JSON_TYPE, `{"entries":[${lines.join(',')}],"cursor":${JSON.stringify(cursor)},"size":${size}}`, headers);
};
