import { z } from 'zod';
import { encodeBase64 } from '../../encoding/index.js';
import { OpeningLimitReached } from '../../gateway/index.js';
import { Refusal } from '../../reasons/index.js';
import { JSON_TYPE, NO_STORE, answerJson, answerWith } from '../answer.js';
import { factsOf, problemAnswer } from '../problem.js';
import { parseQuery } from '../query.js';
import { ANY_PRINCIPAL, clientOf, type Route } from '../route.js';
import { openingQuery } from '../schemas.js';

const INDEX = /^(?:0|[1-9][0-9]{0,14})$/;

const indexOf = (text: string | undefined): number => {
  if (text === undefined || !INDEX.test(text)) throw new Refusal('malformed-request', 'index');
  return Number(text);
};

/** An entry never changes, but who may see it does. */
const CACHE = ['Cache-Control', 'private, max-age=31536000, immutable'];

/** The raw leaf: who hashes the body with the leaf prefix has the leaf hash, which the header only repeats. */
export const entry: Route = {
  method: 'GET',
  path: '/v1/entries/:index',
  access: ANY_PRINCIPAL,
  consumes: [],
  urgency: 'normal',
  async handle({ site, params }) {
    const { leaf, leafHash } = await site.gateway.entry(indexOf(params['index']));
    const body = Buffer.from(leaf.buffer, leaf.byteOffset, leaf.byteLength);
    return answerWith(200, JSON_TYPE, body, [...CACHE, 'Signpost-Leaf-Hash', encodeBase64(leafHash)]);
  },
};

const RECORD = /^(?:0|[1-9][0-9]{0,2})$/;

const recordOf = (text: string | undefined): number => {
  if (text === undefined || !RECORD.test(text)) throw new Refusal('malformed-request', 'record');
  return Number(text);
};

/** One refusal of a batch, in the octets that its proof is about. */
export const record: Route = {
  method: 'GET',
  path: '/v1/entries/:index/records/:record',
  access: ANY_PRINCIPAL,
  consumes: [],
  urgency: 'normal',
  async handle({ site, params }) {
    const octets = await site.gateway.rejectRecord(indexOf(params['index']), recordOf(params['record']));
    return answerWith(200, JSON_TYPE, Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength), [
      'Cache-Control',
      'private, no-cache',
    ]);
  },
};

const proofQuery = z.strictObject({
  record: z.string().regex(RECORD).optional().meta({ description: 'of a batch: a proof of this record, and of the batch' }),
});

/** C2SP tlog-proof: what an AP keeps beside its receipt. It needs a newer checkpoint with time, so it is not kept long. */
export const proof: Route = {
  method: 'GET',
  path: '/v1/entries/:index/proof',
  access: ANY_PRINCIPAL,
  consumes: [],
  query: proofQuery,
  urgency: 'normal',
  async handle({ site, params, query }) {
    const index = indexOf(params['index']);
    const { record: position } = parseQuery(query, proofQuery);
    const text = await (position === undefined ? site.gateway.proof(index) : site.gateway.rejectProof(index, Number(position)));
    return answerWith(200, 'text/plain; charset=utf-8', text, ['Cache-Control', 'private, no-cache']);
  },
};

/**
 * What a leaf commits to, for auditors under a case id; the case ids of openings and erasures for operators too. Whoever is answered is in the log, durable
 * before the answer.
 */
export const opening: Route = {
  method: 'GET',
  path: '/v1/entries/:index/opening',
  access: ['auditor', 'operator'],
  query: openingQuery,
  consumes: [],
  urgency: 'normal',
  async handle(exchange) {
    const { request, site, params, requestId } = exchange;
    const index = indexOf(params['index']);
    const { case: caseId = '' } = parseQuery(exchange.query, openingQuery);
    // RFC 9110 section 9.3.2: HEAD has the fields of GET; an opening that nobody sees must not be in the log.
    if (request.method === 'HEAD') return answerWith(200, JSON_TYPE, '', NO_STORE);
    try {
      return answerJson(200, await site.gateway.open(index, caseId, clientOf(exchange)), NO_STORE);
    } catch (thrown) {
      if (!(thrown instanceof OpeningLimitReached)) throw thrown;
      return problemAnswer({ ...factsOf(thrown), retryAfter: thrown.retryAfter }, requestId);
    }
  },
};
