import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { OpeningLimitReached, type Gateway } from '../../src/gateway/index.js';
import { erasureAnswer, openingAnswer } from '../../src/http/answer-schemas.js';
import { openApiDocument } from '../../src/http/index.js';
import { Refusal, type Reason } from '../../src/reasons/index.js';
import { ask, gatewayThat, startSite, TlsPki, type Reply, type TestSite } from '../support/http-site.js';

const tls = new TlsPki();
const [auditor, operator] = ['auditor.example', 'operator.example'].map((dns) => tls.client([{ dns }]));
const PATH = '/v1/entries/7/opening?case=POL%202026%2F17';
const SII = 'tel:+12025550100';

let refusal: Refusal | null = null;
const asked: unknown[] = [];

const gateway = gatewayThat({
  open: async (index, caseId, client) => {
    asked.push([index, caseId, client.domain]);
    if (refusal !== null) throw refusal;
    const opening = Buffer.alloc(32, 7).toString('base64url');
    const evidence = { v: 1, passport: 'e30.e30.c2ln' };
    return { kind: 'accept', index, logIndex: 12, opening, sii: SII, ssi: null, provider: null, fingerprints: [], evidence };
  },
} satisfies Partial<Gateway>);

let site: TestSite;

beforeAll(async () => {
  site = await startSite(tls, { gateway });
});
afterAll(() => site.server.drain());

const open = (path = PATH): Promise<Reply> => ask(site.port, tls.ca, { path, ...(auditor === undefined ? {} : { client: auditor }) });
const json = ({ body }: Reply): unknown => JSON.parse(body.toString());

describe('the opening of an entry', () => {
  test('is of the documented shape, and kept by nobody', async () => {
    const reply = await open();
    expect(openingAnswer.parse(json(reply))).toEqual(json(reply));
    expect([reply.status, reply.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(asked.at(-1)).toEqual([7, 'POL 2026/17', 'auditor.example']);
  });

  test.each<readonly [Reason, number]>([
    ['case-id', 400],
    ['not-found', 404],
    ['entry-erased', 410],
    ['evidence-expired', 410],
  ])('refused with %s is a %d', async (reason, status) => {
    refusal = new Refusal(reason);
    const reply = await open();
    refusal = null;
    expect([reply.status, json(reply)]).toMatchObject([status, { reason }]);
    expect((await open()).status).toBe(200);
  });

  test('over the limit of a day says when the next begins', async () => {
    refusal = new OpeningLimitReached(100, 3600);
    const reply = await open();
    refusal = null;
    expect([reply.status, reply.headers['retry-after'], json(reply)]).toMatchObject([429, '3600', { reason: 'opening-limit' }]);
  });

  test('is asked for with a query that OpenAPI states, and no other', async () => {
    const { paths } = JSON.parse(openApiDocument()) as {
      paths: Record<string, Record<string, { parameters: { name: string; in: string }[] }>>;
    };
    const { parameters = [] } = paths['/v1/entries/{index}/opening']?.['get'] ?? {};
    expect(parameters.map(({ name, in: where }) => [name, where])).toEqual([
      ['index', 'path'],
      ['case', 'query'],
    ]);
    const before = asked.length;
    expect([(await open(`${PATH}&why=x`)).status, (await open(`${PATH}&case=y`)).status, asked.length]).toEqual([400, 400, before]);
  });
});

test('an erasure is of the documented shape, and its log line names nobody', async () => {
  const request = { method: 'POST', path: '/v1/admin/erasures', headers: { 'Content-Type': 'application/json' } } as const;
  const body = JSON.stringify({ sii: SII, case: 'GDPR 17' });
  const reply = await ask(site.port, tls.ca, { ...request, body, ...(operator === undefined ? {} : { client: operator }) });
  expect(erasureAnswer.parse(json(reply))).toEqual({ erased: true, logIndex: 12, receipt: 'receipt' });
  const line = site.lines.find((one) => one.includes('"erasure"')) ?? '';
  expect(line).toContain('"by":"operator.example"');
  expect(site.lines.filter((one) => one.includes('12025550100') || one.includes('GDPR'))).toEqual([]);
});
