import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { z } from 'zod';
import { Refusal, Unavailable } from '../../src/reasons/index.js';
import { OverQuota, type Gateway } from '../../src/gateway/index.js';
import * as shapes from '../../src/http/answer-schemas.js';
import { openApiDocument } from '../../src/http/index.js';
import { LIMITS } from '../../src/http/limits.js';
import { ROUTES } from '../../src/http/routes/index.js';
import {
  ACCEPTED,
  REFUSED,
  STANDING,
  ask,
  gatewayThat,
  startSite,
  TlsPki,
  type Ask,
  type Client,
  type Reply,
  type TestSite,
} from '../support/http-site.js';

const tls = new TlsPki();
const CLIENTS: Readonly<Record<string, Client>> = Object.fromEntries(
  ['a.example', 'np.example', 'ep.example', 'auditor.example', 'operator.example'].map((dns) => [dns, tls.client([{ dns }])]),
);
let site: TestSite;

beforeAll(async () => {
  site = await startSite(tls);
});
afterAll(() => site.server.drain());

const call = (request: Omit<Ask, 'client'> & { readonly as?: string }, at: TestSite = site): Promise<Reply> => {
  const client = request.as === undefined ? undefined : CLIENTS[request.as];
  return ask(at.port, tls.ca, { ...request, ...(client === undefined ? {} : { client }) });
};

const json = (reply: Reply): unknown => JSON.parse(reply.body.toString());
const JSON_BODY = { 'Content-Type': 'application/json' };
const lookup = (body: unknown, as = 'a.example') =>
  call({ method: 'POST', path: '/v1/lookups', headers: JSON_BODY, body: typeof body === 'string' ? body : JSON.stringify(body), as });

interface Case {
  readonly name: string;
  readonly ask: Omit<Ask, 'client'> & { readonly as?: string };
  readonly status: number;
  readonly reason: string;
}

const SII = 'tel:+12025550100';
const query = JSON.stringify({ sii: SII });
const post = (path: string, headers: Record<string, string>, body: string, as?: string): Case['ask'] => ({
  method: 'POST',
  path,
  headers,
  body,
  ...(as === undefined ? {} : { as }),
});

/** One table for the routes before express and those behind it. */
const REFUSALS: readonly Case[] = [
  // hot
  { name: 'lookup without a client', ask: post('/v1/lookups', JSON_BODY, query), status: 401, reason: 'client-unknown' },
  { name: 'lookup by an NP', ask: post('/v1/lookups', JSON_BODY, query, 'np.example'), status: 403, reason: 'client-not-allowed' },
  { name: 'withdrawal by an NP', ask: post('/v1/withdrawals', JSON_BODY, '{}', 'np.example'), status: 403, reason: 'client-not-allowed' },
  {
    name: 'PASSporT from an auditor',
    ask: post('/v1/passports', { 'Content-Type': 'application/passport' }, 'good', 'auditor.example'),
    status: 403,
    reason: 'client-not-allowed',
  },
  { name: 'body that is not JSON', ask: post('/v1/lookups', JSON_BODY, '{"sii":', 'a.example'), status: 400, reason: 'malformed-json' },
  {
    name: 'body with a member twice',
    ask: post('/v1/lookups', JSON_BODY, `{"sii":"${SII}","sii":"${SII}"}`, 'a.example'),
    status: 400,
    reason: 'malformed-json',
  },
  {
    name: 'body with an unknown member',
    ask: post('/v1/lookups', JSON_BODY, `{"sii":"${SII}","caller":"x"}`, 'a.example'),
    status: 400,
    reason: 'malformed-request',
  },
  { name: 'body without its member', ask: post('/v1/lookups', JSON_BODY, '{}', 'a.example'), status: 400, reason: 'malformed-request' },
  { name: 'body that is a list', ask: post('/v1/lookups', JSON_BODY, '[]', 'a.example'), status: 400, reason: 'malformed-request' },
  {
    name: 'malformed SII',
    ask: post('/v1/lookups', JSON_BODY, '{"sii":"tel:12025550100"}', 'a.example'),
    status: 400,
    reason: 'malformed-request',
  },
  {
    name: 'malformed SSI',
    ask: post('/v1/withdrawals', JSON_BODY, `{"sii":"${SII}","ssi":"mimi://a.example/u/"}`, 'a.example'),
    status: 400,
    reason: 'malformed-request',
  },
  { name: 'empty batch', ask: post('/v1/lookups', JSON_BODY, '{"lookups":[]}', 'a.example'), status: 400, reason: 'malformed-request' },
  {
    name: 'batch of 257',
    ask: post('/v1/lookups', JSON_BODY, JSON.stringify({ lookups: Array.from({ length: 257 }, () => ({ sii: SII })) }), 'a.example'),
    status: 400,
    reason: 'malformed-request',
  },
  { name: 'empty body', ask: post('/v1/lookups', JSON_BODY, '', 'a.example'), status: 400, reason: 'malformed-json' },
  {
    name: 'wrong media type',
    ask: post('/v1/lookups', { 'Content-Type': 'text/plain' }, query, 'a.example'),
    status: 415,
    reason: 'unsupported-media-type',
  },
  { name: 'no media type', ask: post('/v1/lookups', {}, query, 'a.example'), status: 415, reason: 'unsupported-media-type' },
  {
    name: 'compressed body',
    ask: post('/v1/lookups', { ...JSON_BODY, 'Content-Encoding': 'gzip' }, query, 'a.example'),
    status: 415,
    reason: 'unsupported-media-type',
  },
  {
    name: 'body over 64 KiB',
    ask: post('/v1/lookups', JSON_BODY, `{"sii":"${'x'.repeat(LIMITS.bodyBytes)}"}`, 'a.example'),
    status: 413,
    reason: 'too-large',
  },
  {
    name: 'PASSporT over 64 KiB',
    ask: post('/v1/passports', { 'Content-Type': 'application/passport' }, 'x'.repeat(LIMITS.bodyBytes + 1), 'a.example'),
    status: 413,
    reason: 'too-large',
  },
  {
    name: 'chunked body over 64 KiB',
    ask: post('/v1/lookups', { ...JSON_BODY, 'Transfer-Encoding': 'chunked' }, 'x'.repeat(LIMITS.bodyBytes + 1), 'a.example'),
    status: 413,
    reason: 'too-large',
  },
  { name: 'query on a hot route', ask: post('/v1/lookups?sii=x', JSON_BODY, query, 'a.example'), status: 400, reason: 'malformed-request' },
  { name: 'GET of a hot route', ask: { path: '/v1/lookups', as: 'a.example' }, status: 405, reason: 'method-not-allowed' },
  {
    name: 'refused PASSporT',
    ask: post('/v1/passports', { 'Content-Type': 'application/passport' }, 'bad', 'a.example'),
    status: 403,
    reason: 'tn-out-of-scope',
  },
  // express
  { name: 'entry without a client', ask: { path: '/v1/entries/1' }, status: 401, reason: 'client-unknown' },
  { name: 'proof without a client', ask: { path: '/v1/entries/1/proof' }, status: 401, reason: 'client-unknown' },
  { name: 'document without a client', ask: { path: `/v1/documents/${'A'.repeat(43)}` }, status: 401, reason: 'client-unknown' },
  {
    name: 'document for an operator',
    ask: { path: `/v1/documents/${'A'.repeat(43)}`, as: 'operator.example' },
    status: 403,
    reason: 'client-not-allowed',
  },
  {
    name: 'document by hex',
    ask: { path: `/v1/documents/${'0'.repeat(64)}`, as: 'auditor.example' },
    status: 400,
    reason: 'malformed-request',
  },
  {
    name: 'document that is not there',
    ask: { path: `/v1/documents/${'A'.repeat(42)}E`, as: 'auditor.example' },
    status: 404,
    reason: 'not-found',
  },
  { name: 'metrics without a client', ask: { path: '/metrics' }, status: 401, reason: 'client-unknown' },
  { name: 'metrics for an AP', ask: { path: '/metrics', as: 'a.example' }, status: 403, reason: 'client-not-allowed' },
  { name: 'index with a sign', ask: { path: '/v1/entries/-1', as: 'a.example' }, status: 400, reason: 'malformed-request' },
  { name: 'index with a leading zero', ask: { path: '/v1/entries/01', as: 'a.example' }, status: 400, reason: 'malformed-request' },
  { name: 'query on an express route', ask: { path: '/v1/entries/1?x=1', as: 'a.example' }, status: 400, reason: 'malformed-request' },
  { name: 'POST to an express route', ask: post('/v1/reasons', JSON_BODY, '{}'), status: 405, reason: 'method-not-allowed' },
  { name: 'unknown path', ask: { path: '/v1/nothing' }, status: 404, reason: 'not-found' },
  { name: 'path in another case', ask: { path: '/V1/reasons' }, status: 404, reason: 'not-found' },
  { name: 'path with a slash behind', ask: { path: '/v1/reasons/' }, status: 404, reason: 'not-found' },
  { name: 'bad percent-encoding', ask: { path: '/v1/entries/%zz' }, status: 400, reason: 'malformed-request' },
  { name: 'half a percent-encoding', ask: { path: '/v1/lookups%2' }, status: 400, reason: 'malformed-request' },
  { name: 'tile out of the log', ask: { path: '/log/tile/..%2f..%2fkeys' }, status: 404, reason: 'not-found' },
  { name: 'tile in another spelling', ask: { path: '/log/tile/0/x000/000' }, status: 404, reason: 'not-found' },
  { name: 'partial tile of width 256', ask: { path: '/log/tile/0/000.p/256' }, status: 404, reason: 'not-found' },
  { name: 'tile that is not there', ask: { path: '/log/tile/0/001' }, status: 404, reason: 'not-found' },
];

describe('every refusal', () => {
  test.each(REFUSALS.map((row) => [row.name, row] as const))('%s is a problem document with its reason', async (_name, row) => {
    const reply = await call(row.ask);
    const document = shapes.problem.parse(json(reply));
    expect([reply.status, document.status, document.reason]).toEqual([row.status, row.status, row.reason]);
    expect(document.type).toBe(`urn:signpost:reason:${row.reason}`);
    expect(reply.headers['content-type']).toBe('application/problem+json');
    expect(reply.headers['x-content-type-options']).toBe('nosniff');
    expect(reply.headers['x-request-id']).toBe(document.requestId);
    expect(reply.body.toString()).not.toMatch(/12025550100|caller/);
  });

  test('names step, clause, detail and log index of a verdict', async () => {
    const reply = await call(post('/v1/passports', { 'Content-Type': 'application/passport' }, 'bad', 'a.example'));
    expect(json(reply)).toMatchObject({ step: 'check-authority', clause: 'RFC 8226 section 9', detail: 'numbering', logIndex: 12 });
  });

  test('says which methods a path takes', async () => {
    expect((await call({ path: '/v1/lookups', as: 'a.example' })).headers.allow).toBe('POST');
    expect((await call({ method: 'DELETE', path: '/healthz' })).headers.allow).toBe('GET, HEAD');
  });

  test('says when to retry if the gateway is unavailable, and hides what a fault is about', async () => {
    const gateway = gatewayThat({
      lookup: async () => {
        throw new Unavailable('store-unavailable', undefined, null, 3);
      },
      withdraw: async () => {
        throw new Error(`fault about ${SII} of alice@example.com`);
      },
      proof: async () => {
        throw new Refusal('not-published');
      },
    });
    const other = await startSite(tls, { gateway });
    try {
      const unavailable = await call(post('/v1/lookups', JSON_BODY, query, 'a.example'), other);
      expect([unavailable.status, unavailable.headers['retry-after'], shapes.problem.parse(json(unavailable)).reason]).toEqual([
        503,
        '3',
        'store-unavailable',
      ]);
      const fault = await call(
        post('/v1/withdrawals', JSON_BODY, JSON.stringify({ sii: SII, ssi: 'mimi://a.example/u/alice' }), 'a.example'),
        other,
      );
      const document = shapes.problem.parse(json(fault));
      expect([fault.status, document.reason, document.detail]).toEqual([500, 'internal-error', undefined]);
      const line = other.lines.find((text) => text.includes('"fault"') && text.includes(document.requestId)) ?? '';
      expect(line).toContain('[redacted]');
      expect(other.lines.join('')).not.toMatch(/2025550100|alice@/);
      expect(shapes.problem.parse(json(await call({ path: '/v1/entries/1/proof', as: 'a.example' }, other))).reason).toBe('not-published');
    } finally {
      await other.server.drain();
    }
  });
});

describe('accepted twins', () => {
  const shape = (reply: Reply, status: number, schema: z.ZodType): void => {
    expect([reply.status, reply.headers['x-content-type-options']]).toEqual([status, 'nosniff']);
    schema.parse(json(reply));
  };

  test('an accepted PASSporT is answered 201, its retry 200', async () => {
    shape(await call(post('/v1/passports', { 'Content-Type': 'application/passport' }, 'good', 'a.example')), 201, shapes.acceptance);
    let first = true;
    const gateway = gatewayThat();
    const other = await startSite(tls, {
      gateway: {
        ...gateway,
        submit: async (passport, client) => {
          const submission = await gateway.submit(passport, client);
          const answer = submission.outcome === 'accepted' ? { ...submission, first } : submission;
          first = false;
          return answer;
        },
      },
    });
    const statuses: number[] = [];
    for (const _ of [1, 2])
      statuses.push(
        (await call(post('/v1/passports', { 'Content-Type': 'application/passport; x=y' }, 'good', 'np.example'), other)).status,
      );
    await other.server.drain();
    expect(statuses).toEqual([201, 200]);
  });

  test('a withdrawal is answered with its log index', async () => {
    shape(
      await call(post('/v1/withdrawals', JSON_BODY, JSON.stringify({ sii: SII, ssi: 'mimi://a.example/u/alice' }), 'a.example')),
      200,
      shapes.withdrawalAnswer,
    );
  });

  test('a lookup and a batch are answered in order', async () => {
    shape(await lookup({ sii: SII, view: 'all' }), 200, shapes.lookupAnswer);
    const batch = await lookup({ lookups: [{ sii: 'tel:+12025550101' }, { sii: SII }] }, 'auditor.example');
    shape(batch, 200, shapes.lookupBatchAnswer);
    expect(shapes.lookupBatchAnswer.parse(json(batch)).answers.map((answer) => answer.mappings.length)).toEqual([0, 1]);
  });

  test('identity is no coding', async () => {
    expect((await call(post('/v1/lookups', { ...JSON_BODY, 'Content-Encoding': 'identity' }, query, 'a.example'))).status).toBe(200);
  });

  test.each([
    ['/healthz', 'application/json', 'no-store'],
    ['/readyz', 'application/json', 'no-store'],
    ['/v1/reasons', 'application/json', 'public, max-age=300'],
    ['/openapi.json', 'application/json', 'public, max-age=300'],
    ['/.well-known/mimi-discovery', 'application/json', 'public, max-age=300'],
    ['/log/checkpoint', 'text/plain; charset=utf-8', 'no-cache'],
    ['/log/tile/0/000', 'application/octet-stream', 'public, max-age=31536000, immutable'],
    ['/log/tile/0/000.p/7', 'application/octet-stream', 'public, max-age=86400, immutable'],
  ])('%s is for everybody, also by HEAD', async (path, type, cache) => {
    const reply = await call({ path });
    expect([reply.status, reply.headers['content-type'], reply.headers['cache-control']]).toEqual([200, type, cache]);
    const head = await call({ method: 'HEAD', path });
    expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, String(reply.body.length), 0]);
  });

  test('discovery names the routes of clients, and none that is not there', async () => {
    const body = async (path: string) => JSON.parse((await call({ path })).body.toString()) as Record<string, Record<string, string>>;
    const [{ endpoints = {} }, { paths = {} }] = await Promise.all([body('/.well-known/mimi-discovery'), body('/openapi.json')]);
    expect(Object.keys(endpoints)).toEqual(expect.arrayContaining(['lookups', 'webhook', 'monitor', 'coverage']));
    for (const path of Object.values(endpoints)) expect(Object.keys(paths)).toContain(path === '/v1/monitor' ? '/v1/monitor/{name}' : path);
  });

  test('an auditor reads what verdicts were made under, by its digest', async () => {
    const reply = await call({ path: `/v1/documents/${'A'.repeat(43)}`, as: 'auditor.example' });
    expect([reply.status, reply.body.toString()]).toEqual([200, '[]']);
    expect(reply.headers['cache-control']).toBe('private, max-age=31536000, immutable');
  });

  test.each(['a.example', 'np.example', 'ep.example', 'auditor.example', 'operator.example'])(
    '%s may read entries and proofs',
    async (as) => {
      expect((await call({ path: '/v1/entries/0', as })).body.toString()).toBe('{"k":"register"}');
      expect((await call({ path: '/v1/entries/0/proof', as })).headers['content-type']).toBe('text/plain; charset=utf-8');
    },
  );
});

describe('a lookup', () => {
  test('looks the same for a hit and a miss: sizes, header names and widths', async () => {
    const faces = await Promise.all(
      ['tel:+12025550100', 'tel:+12025550101', 'mailto:nobody@example.com'].map(async (sii) => {
        const reply = await lookup({ sii });
        return {
          status: reply.status,
          length: reply.body.length,
          headers: Object.entries(reply.headers).map(([name, value]) => `${name} ${String(value).length}`),
        };
      }),
    );
    expect(faces[1]).toEqual(faces[0]);
    expect(faces[2]).toEqual(faces[0]);
    expect(faces[0]?.length).toBe(LIMITS.paddingBytes);
  });

  test('carries its ttl in Cache-Control too, the least of a batch', async () => {
    expect((await lookup({ sii: SII })).headers['cache-control']).toBe('private, max-age=0086400');
    expect((await lookup({ lookups: [{ sii: SII }, { sii: 'tel:+12025550101' }] })).headers['cache-control']).toBe(
      'private, max-age=0000300',
    );
  });

  test.each([1, 8, 9, 256])('has one size for a batch of %i, found or not: 2 KiB for each 8', async (length) => {
    const sizes = await Promise.all(
      [SII, 'tel:+12025550101'].map(async (sii) => {
        const reply = await lookup({ lookups: Array.from({ length }, () => ({ sii })) });
        return [reply.status, reply.body.length];
      }),
    );
    const size = Math.ceil(length / LIMITS.lookupsPerPadding) * LIMITS.paddingBytes;
    expect(sizes).toEqual([
      [200, size],
      [200, size],
    ]);
  });
});

describe('a quota', () => {
  const LOOKUP = { method: 'POST', path: '/v1/lookups', headers: JSON_BODY, body: JSON.stringify({ sii: 'tel:+12025550100' }) };
  const POLICY = '"epoch";q=121999;w=2592000, "burst";q=24399;w=518384';
  const LEFT = '"epoch";r=121996;t=60';
  const fieldsOf = ({ headers }: Reply) => [headers['ratelimit-policy'], headers['ratelimit']];

  test('is told with the formula and its inputs, to who may look up alone', async () => {
    const reply = await call({ path: '/v1/quota', as: 'a.example' });
    expect(reply.status).toBe(200);
    shapes.quotaAnswer.parse(json(reply));
    expect(json(reply)).toMatchObject({
      limit: 121_999,
      used: 3,
      remaining: 121_996,
      reset: '2026-12-13T00:00:00.000Z',
      inputs: { mappings: 1000 },
    });
    expect(fieldsOf(reply)).toEqual([POLICY, LEFT]);
    expect((await call({ path: '/v1/quota', as: 'auditor.example' })).status).toBe(200);
    for (const as of ['np.example', 'ep.example', 'operator.example'])
      expect(json(await call({ path: '/v1/quota', as }))).toMatchObject({ status: 403, reason: 'client-not-allowed' });
    expect((await call({ path: '/v1/quota' })).status).toBe(401);
  });

  test('stands in the header fields of every lookup', async () => {
    expect(fieldsOf(await lookup({ sii: 'tel:+12025550100' }))).toEqual([POLICY, LEFT]);
  });

  test('that is used up is a 429 for the whole request, with when to come back', async () => {
    const spent = { ...STANDING, used: STANDING.limit, remaining: 0 };
    const gateway = gatewayThat({ lookup: () => Promise.reject(new OverQuota('epoch', spent, 77)) });
    const other = await startSite(tls, { gateway });
    try {
      const reply = await call({ ...LOOKUP, as: 'a.example' }, other);
      shapes.problem.parse(json(reply));
      expect(json(reply)).toMatchObject({ status: 429, type: 'urn:signpost:reason:over-quota', reason: 'over-quota' });
      expect(reply.status).toBe(429);
      expect([reply.headers['retry-after'], ...fieldsOf(reply)]).toEqual(['77', POLICY, '"epoch";r=0;t=60']);
    } finally {
      await other.server.drain();
    }
  });

  test('is counted in metrics that name nobody', async () => {
    const text = (await call({ path: '/metrics', as: 'operator.example' })).body.toString();
    expect(text).toContain('signpost_quota_numbers_total 3\n');
    expect(text).toContain('signpost_scan_alarms_total{kind="sequence"} 2\n');
    expect(text).toContain('signpost_lookup_health_least 0.5\n');
  });
});

describe('readiness and metrics', () => {
  test('not ready is a 503 that tells only operators why', async () => {
    const gateway = gatewayThat({ readiness: async () => ({ ready: false, problems: ['the store does not answer'] }) });
    const other = await startSite(tls, { gateway });
    try {
      const open = await call({ path: '/readyz' }, other);
      expect([open.status, json(open)]).toEqual([503, expect.objectContaining({ ready: false, reason: 'not-ready' })]);
      expect(open.body.toString()).not.toContain('store does');
      expect(open.headers['retry-after']).toBe('1');
      expect(json(await call({ path: '/readyz', as: 'operator.example' }, other))).toMatchObject({
        problems: ['the store does not answer'],
      });
      expect((await call({ path: '/healthz' }, other)).status).toBe(200);
    } finally {
      await other.server.drain();
    }
  });

  test('metrics count what is off about the paths of PASSporTs, accepted or refused', async () => {
    const submit: Gateway['submit'] = async (passport) => ({
      ...(passport.startsWith('good') ? ACCEPTED : REFUSED),
      findings: passport.startsWith('good') ? ['short-serial', 'no-crl-issuer'] : ['short-serial'],
    });
    const other = await startSite(tls, { gateway: gatewayThat({ submit }) });
    try {
      for (const body of ['good.a.b', 'bad.a.b'])
        await call(
          { method: 'POST', path: '/v1/passports', as: 'a.example', headers: { 'Content-Type': 'application/passport' }, body },
          other,
        );
      const page = (await call({ path: '/metrics', as: 'operator.example' }, other)).body.toString();
      expect(page).toContain('signpost_profile_findings_total{code="short-serial"} 2');
      expect(page).toContain('signpost_profile_findings_total{code="no-crl-issuer"} 1');
    } finally {
      await other.server.drain();
    }
  });

  test('metrics have labels of closed sets alone, and neither they nor the log hold anything personal', async () => {
    await call({ method: 'BREW', path: '/v1/alice@example.com' }).catch(() => undefined);
    await call({ method: 'PATCH', path: `/v1/${SII}` });
    const page = (await call({ path: '/metrics', as: 'operator.example' })).body.toString();
    expect(page).toContain('signpost_http_requests_total{route="/v1/lookups",method="POST",status="200"}');
    expect(page).toContain('route="unmatched"');
    expect(page).toContain('signpost_log_size 13');
    expect(page).not.toMatch(/2025550|alice|mimi:|\.example/);
    expect(site.lines.join('')).not.toMatch(/2025550|alice|mimi:|good/);
  });
});

describe('the OpenAPI document', () => {
  test('names every route with the shape that checks its body', () => {
    const document = JSON.parse(openApiDocument()) as {
      openapi: string;
      paths: Record<string, Record<string, { security: unknown[]; requestBody?: unknown }>>;
    };
    expect(document.openapi).toBe('3.1.0');
    expect(Object.values(document.paths).flatMap((methods) => Object.keys(methods))).toHaveLength(ROUTES.length);
    expect(JSON.stringify(document.paths['/v1/withdrawals']?.['post']?.requestBody)).toContain('"additionalProperties":false');
    const open = Object.entries(document.paths).filter(([, methods]) =>
      Object.values(methods).every(({ security }) => security.length === 0),
    );
    expect(open.map(([path]) => path).sort()).toEqual([
      '/.well-known/mimi-discovery',
      '/audit',
      '/audit/',
      '/audit/{path}',
      '/healthz',
      '/log/{path}',
      '/openapi.json',
      '/readyz',
      '/v1/reasons',
    ]);
  });
});
