import { z } from 'zod';
import * as answers from './answer-schemas.js';
import { ROUTES } from './routes/index.js';
import { principalTerms } from '../policy/index.js';
import { lookupBody } from './routes/lookups.js';
import { webhookBody } from './routes/webhook.js';
import type { Route } from './route.js';
import { erasure, passportLine, withdrawal } from './schemas.js';

type Schema = Record<string, unknown>;

/** OpenAPI 3.1 schemas are JSON Schema 2020-12, which is what zod writes: the document and the checks cannot drift apart. */
const schemaOf = (schema: z.ZodType): Schema => {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' });
  return rest;
};

const json = (schema: z.ZodType): Schema => ({ 'application/json': { schema: schemaOf(schema) } });
const text = (type: string): Schema => ({ [type]: { schema: { type: 'string' } } });

interface Operation {
  readonly summary: string;
  readonly body?: Schema;
  /** Parameters in header fields. */
  readonly headers?: readonly Schema[];
  /** Answers other than problems, by status. */
  readonly answers: Readonly<Record<string, { readonly description: string; readonly content: Schema }>>;
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  '/v1/passports': {
    summary: 'Present PASSporTs: one, or a stream of lines of any length',
    body: {
      'application/passport': { schema: { type: 'string', description: 'one compact JWS' } },
      'application/x-ndjson': { schema: { ...schemaOf(passportLine), description: 'one object a line, at most 32 KiB' } },
    },
    answers: {
      '200': {
        description: 'the first answer to this PASSporT once more; or one line for each line, in order',
        content: { ...json(answers.acceptance), 'application/x-ndjson': { schema: schemaOf(answers.streamLine) } },
      },
      '201': { description: 'accepted, durable, readable', content: json(answers.acceptance) },
    },
  },
  '/v1/withdrawals': {
    summary: 'Give up a mapping of your own',
    body: json(withdrawal),
    answers: { '200': { description: 'it is gone, also when there was none', content: json(answers.withdrawalAnswer) } },
  },
  '/v1/lookups': {
    summary: 'Who can be reached under an SII, or under up to 256',
    body: json(lookupBody),
    answers: {
      '200': {
        description: 'no match is an empty list; padded with spaces to the next 2 KiB, a signed one to the next 16 KiB',
        content: json(z.union([answers.lookupAnswer, answers.signedLookupAnswer, answers.lookupBatchAnswer])),
      },
    },
  },
  '/v1/invalidations': {
    summary: 'Server-sent events: which answers of the caller have changed',
    headers: [{ name: 'Last-Event-ID', in: 'header', required: false, schema: { type: 'string' } }],
    answers: {
      '200': {
        description:
          'data is {"sii"} for each answer that the caller still holds and that changed, at least once, in order; `event: reset`: drop every answer that you hold',
        content: text('text/event-stream'),
      },
    },
  },
  'GET /v1/webhook': {
    summary: 'Where the changes of answers that the caller holds are sent, in place of a stream of invalidations',
    answers: { '200': { description: '`url` null: nowhere', content: json(answers.webhookAnswer) } },
  },
  'PUT /v1/webhook': {
    summary:
      'Have them sent, signed, as POST requests with {"feed","events":[...]}: `invalidations` {"id","sii"} or {"id","reset":true}, and a provider\'s `alarms` (Standard Webhooks, v1a)',
    body: json(webhookBody),
    answers: { '200': { description: 'from now on', content: json(answers.webhookAnswer) } },
  },
  'DELETE /v1/webhook': {
    summary: 'Have them sent no more',
    answers: { '200': { description: 'also when they were not', content: json(answers.webhookAnswer) } },
  },
  '/v1/coverage': {
    summary: 'How many SIIs have a mapping here, by calling code, most first',
    answers: { '200': { description: 'at most a minute old', content: json(answers.coverageAnswer) } },
  },
  '/v1/quota': {
    summary: "The caller's quota of lookups: the formula, its inputs, used, remaining, reset",
    answers: { '200': { description: 'what holds now', content: json(answers.quotaAnswer) } },
  },
  '/v1/reasons': {
    summary: 'The steps, their clauses and reason codes',
    answers: { '200': { description: 'the table', content: json(answers.reasonsAnswer) } },
  },
  '/v1/entries': {
    summary: 'Search the log: entries that fit every parameter',
    answers: {
      '200': {
        description:
          'a page; `cursor` goes on where it ended, null: there are no more. As application/jsonl one entry a line, with the fields Signpost-Size and, where there are more, Signpost-Cursor',
        content: { ...json(answers.foundEntries), 'application/jsonl': { schema: schemaOf(answers.foundEntry) } },
      },
    },
  },
  '/v1/monitor/:name': {
    summary: "A provider's leaves (by SPC or domain), with proofs: its own, or any for auditors",
    answers: {
      '200': {
        description: 'one published entry a line, oldest first; the last line is {"next"}: where it goes on',
        content: { 'application/jsonl': { schema: schemaOf(z.union([answers.monitoredEntry, answers.monitorEnd])) } },
      },
    },
  },
  '/v1/monitor/:name/alarms': {
    summary: 'Server-sent events: what a provider should look at',
    headers: [{ name: 'Last-Event-ID', in: 'header', required: false, schema: { type: 'string' } }],
    answers: {
      '200': {
        description:
          'data is {"alarm","index",...}: another provider\'s credential touched its numbers (foreign-credential), a client registered under its name for the first time (new-client), many entries in an hour (volume); at least once, in order; `event: reset`: some before are no longer kept',
        content: { 'text/event-stream': { schema: schemaOf(answers.alarm) } },
      },
    },
  },
  '/v1/entries/:index': {
    summary: 'The raw leaf of an entry of the log',
    answers: {
      '200': { description: 'the octets that the leaf hash is over', content: { 'application/json': { schema: { type: 'object' } } } },
    },
  },
  '/v1/entries/:index/proof': {
    summary: 'C2SP tlog-proof of an entry, or the two proofs of a record of a batch (docs/log-format.md)',
    answers: { '200': { description: 'index, inclusion proof and checkpoint', content: text('text/plain') } },
  },
  '/v1/entries/:index/opening': {
    summary: 'What a leaf commits to, under a case id; each opening is an entry of its own',
    answers: { '200': { description: 'the leaf that says so is durable', content: json(answers.openingAnswer) } },
  },
  '/v1/entries/:index/records/:record': {
    summary: 'One refusal of a batch, in the octets that its proof is about; 410 once policy keeps it no more',
    answers: { '200': { description: 'spelled as a leaf', content: { 'application/json': { schema: { type: 'object' } } } } },
  },
  '/v1/documents/:digest': {
    summary: 'Policy, trust material, CRLs or numbering data that verdicts were made under, by the digest in a leaf',
    answers: { '200': { description: 'octets of which this is the SHA-256', content: text('application/octet-stream') } },
  },
  '/log/*path': {
    summary: 'The published log: C2SP tlog-tiles (checkpoint, tile/...)',
    answers: { '200': { description: 'a checkpoint or a tile', content: { ...text('text/plain'), ...text('application/octet-stream') } } },
  },
  '/healthz': {
    summary: 'The process turns',
    answers: { '200': { description: 'yes', content: json(z.strictObject({ status: z.literal('ok') })) } },
  },
  '/readyz': { summary: 'Every promise can be kept', answers: { '200': { description: 'yes', content: json(answers.readiness) } } },
  '/metrics': { summary: 'Prometheus metrics', answers: { '200': { description: 'text format', content: text('text/plain') } } },
  '/audit': { summary: "Where the auditor's page is", answers: { '308': { description: '/audit/', content: text('text/plain') } } },
  '/audit/': { summary: "The auditor's page", answers: { '200': { description: 'HTML', content: text('text/html') } } },
  '/audit/*path': {
    summary: "What the auditor's page is made of",
    answers: { '200': { description: 'a file', content: { ...text('text/javascript'), ...text('text/css'), ...text('image/svg+xml') } } },
  },
  '/v1/admin/reload': {
    summary: 'Read policies, trust, principals and TLS files again, and swap all of it or nothing',
    answers: {
      '200': { description: 'the versions that verdicts are made under from now on', content: json(answers.reloaded) },
      '409': {
        description: 'everything stays as it was; `problems` says all that is wrong on disk',
        content: { 'application/problem+json': { schema: schemaOf(answers.notReloaded) } },
      },
    },
  },
  'GET /v1/admin/principals/:domain': {
    summary: 'Who a domain is',
    answers: { '200': { description: '`change` null: principals.yaml says so', content: json(answers.principalState) } },
  },
  'PUT /v1/admin/principals/:domain': {
    summary: 'Onboard a domain, or say anew who it is; `suspended`: refused from its next request on; `clientKey`: the key it must have',
    body: json(principalTerms),
    answers: {
      '200': { description: 'durable and in force', content: json(answers.principalState) },
      '201': { description: 'the same, and nobody of that name was known before', content: json(answers.principalState) },
    },
  },
  'DELETE /v1/admin/principals/:domain': {
    summary: 'Remove a domain for good; principals.yaml does not bring it back',
    answers: { '200': { description: 'it is gone, also when there was none', content: json(answers.principalRemoved) } },
  },
  '/v1/admin/erasures': {
    summary: 'Forget a subject on its request',
    body: json(erasure),
    answers: {
      '200': { description: 'nothing personal of it is held, also when nothing was', content: json(answers.erasureAnswer) },
    },
  },
  '/openapi.json': {
    summary: 'This document',
    answers: { '200': { description: 'OpenAPI 3.1', content: { 'application/json': { schema: { type: 'object' } } } } },
  },
  '/.well-known/mimi-discovery': {
    summary: 'Where things are, and the verifier keys',
    answers: { '200': { description: 'public facts', content: json(answers.discovery) } },
  },
};

const PROBLEM = {
  description: 'a problem document (RFC 9457); `reason` is the stable code',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

const parametersOf = (path: string): Schema[] =>
  [...path.matchAll(/[:*](\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: name === 'index' || name === 'record' ? 'integer' : 'string' },
  }));

/** Parameters of the query, as the route's schema has them. */
const queryOf = (query: Route['query']): Schema[] =>
  Object.entries(query?.shape ?? {}).map(([name, schema]) => {
    const { description, ...rest } = schemaOf(schema as z.ZodType);
    return { name, in: 'query', required: false, ...(description === undefined ? {} : { description }), schema: rest };
  });

const operationOf = (route: Route): Schema => {
  const operation = OPERATIONS[`${route.method} ${route.path}`] ?? OPERATIONS[route.path];
  if (operation === undefined) throw new Error(`no OpenAPI operation for ${route.method} ${route.path}`);
  return {
    summary: operation.summary,
    security: route.access === 'public' ? [] : [{ clientCertificate: [] }],
    ...(route.access === 'public' ? {} : { 'x-principals': route.access }),
    parameters: [...parametersOf(route.path), ...queryOf(route.query), ...(operation.headers ?? [])],
    ...(operation.body === undefined ? {} : { requestBody: { required: true, content: operation.body } }),
    responses: { ...operation.answers, default: PROBLEM },
  };
};

/** The OpenAPI 3.1 document, as JSON text. */
export const openApiDocument = (): string =>
  JSON.stringify({
    openapi: '3.1.0',
    info: {
      title: 'Signpost',
      version: '1',
      description: 'Which messaging service reaches this number or address?',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths: Object.fromEntries(
      ROUTES.map(({ path }) => [
        path.replace(/[:*](\w+)/g, '{$1}'),
        Object.fromEntries(ROUTES.filter((route) => route.path === path).map((route) => [route.method.toLowerCase(), operationOf(route)])),
      ]),
    ),
    components: {
      schemas: { Problem: schemaOf(answers.problem) },
      securitySchemes: { clientCertificate: { type: 'mutualTLS', description: 'exactly one SAN dNSName, a known principal' } },
    },
  });
