import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Refusal } from '../../src/reasons/index.js';
import { REFUSED, TlsPki, ask, gatewayThat, startSite, type Reply, type TestSite } from '../support/http-site.js';

const tls = new TlsPki();
const client = tls.client([{ dns: 'a.example' }]);

describe('a refusal in a batch', () => {
  let site: TestSite;
  beforeAll(async () => {
    site = await startSite(tls, {
      gateway: gatewayThat({
        submit: async () => ({ ...REFUSED, batchIndex: 3 }),
        rejectProof: async (index, position) => `proof ${index} ${position}`,
        rejectRecord: async (index, position) => {
          if (index === 9) throw new Refusal('records-expired');
          return Buffer.from(`{"record":${position}}`);
        },
      }),
    });
  });
  afterAll(() => site.server.drain());

  const get = (path: string): Promise<Reply> => ask(site.port, tls.ca, { path, client });
  const briefly = ({ status, body }: Reply): unknown[] => [status, body.toString()];
  const reason = ({ status, body }: Reply): unknown[] => [status, (JSON.parse(body.toString()) as { reason: string }).reason];

  test('is answered with its place in the batch', async () => {
    const reply = await ask(site.port, tls.ca, {
      method: 'POST',
      path: '/v1/passports',
      client,
      headers: { 'Content-Type': 'application/passport' },
      body: 'bad',
    });
    expect(JSON.parse(reply.body.toString())).toMatchObject({
      reason: REFUSED.outcome === 'refused' ? REFUSED.reason : '',
      logIndex: 12,
      batchIndex: 3,
    });
  });

  test('has its record and its proof at addresses of one spelling each', async () => {
    expect(briefly(await get('/v1/entries/12/records/3'))).toEqual([200, '{"record":3}']);
    expect(briefly(await get('/v1/entries/12/proof?record=3'))).toEqual([200, 'proof 12 3']);
    expect(reason(await get('/v1/entries/9/records/0'))).toEqual([410, 'records-expired']);
    for (const path of [
      '/v1/entries/12/records/03',
      '/v1/entries/12/records/x',
      '/v1/entries/12/proof?record=03',
      '/v1/entries/12/proof?record=3&record=4',
      '/v1/entries/12/proof?other=1',
    ])
      expect(reason(await get(path))).toEqual([400, 'malformed-request']);
  });
});
