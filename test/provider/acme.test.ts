import { Agent, request as httpsRequest } from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AcmeCaller, Key, bodyOf, reasonIn, typeIn, type Got, type Sent } from '../support/acme-client.js';
import { AcmeHost } from '../support/acme-host.js';
import { VALUE } from '../support/acme-place.js';
import type { Client } from '../support/http-site.js';

const host = new AcmeHost();
const { tls, place } = host;
const agent = new Agent({ keepAlive: true });
let origin: string;

const send = ({ method, url, type, body = '' }: Sent, client?: Client): Promise<Got> =>
  new Promise((resolve, reject) => {
    const headers = method === 'POST' ? { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) } : {};
    const how = { method, headers, ca: tls.ca, ...client, ...(client === undefined ? { agent } : { agent: false as const }) };
    const asked = httpsRequest(url, how, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const told = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const);
        resolve({ status: response.statusCode ?? 0, headers: new Map(told), text: Buffer.concat(parts).toString('utf8') });
      });
    });
    asked.on('error', reject);
    asked.end(body);
  });

const caller = async (): Promise<AcmeCaller> => await new AcmeCaller(send, origin, await Key.make()).start();
const enrolled = async (): Promise<AcmeCaller> => {
  const made = await caller();
  expect((await made.enrol(place.print('a.example'))).status).toBe(201);
  return made;
};

beforeAll(async () => {
  await host.open();
  origin = place.origin;
});

afterAll(async () => {
  agent.destroy();
  await host.close();
});

describe('ACME over TLS', () => {
  test('takes a client of another make from its account to a certificate', async () => {
    const client = await enrolled();
    const { pem, order } = await place.issued(client);
    expect(pem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect((await send({ method: 'GET', url: String(order['x5u']) })).text).toBe(pem);
  });

  test('gives nonces by HEAD with 200 and by GET with 204, empty and never stored', async () => {
    for (const [method, status] of [
      ['HEAD', 200],
      ['GET', 204],
    ] as const) {
      const got = await send({ method, url: `${origin}/acme/new-nonce` });
      expect([got.status, got.text, got.headers.get('cache-control')]).toEqual([status, '', 'no-store']);
      expect(got.headers.get('replay-nonce')).toMatch(/^[A-Za-z0-9_-]{30,}$/);
      expect(got.headers.get('link')).toBe(`<${origin}/acme/directory>;rel="index"`);
    }
  });

  test('answers what stands in the way before a resource in the words of ACME, with a nonce', async () => {
    const client = await enrolled();
    const answers: ReadonlyArray<readonly [Got, readonly unknown[]]> = [
      [await client.post(client.kid ?? '', '', { type: 'application/json' }), ['unsupported-media-type', 'malformed', 415]],
      [await send({ method: 'GET', url: client.url('newOrder') }), ['method-not-allowed', 'malformed', 405]],
      [await send({ method: 'GET', url: `${client.url('newNonce')}?x` }), ['malformed-request', 'malformed', 400]],
      [await client.post(`${origin}/acme/order/none`, ''), ['not-found', 'malformed', 404]],
      [await client.post(client.url('newOrder'), { pad: 'x'.repeat(70_000) }), ['too-large', 'malformed', 413]],
    ];
    for (const [got, expected] of answers) {
      expect([reasonIn(got), typeIn(got), got.status]).toEqual(expected);
      expect(got.headers.get('content-type')).toBe('application/problem+json');
      expect(got.headers.has('replay-nonce')).toBe(true);
    }
  });

  test('has one URL for a certificate, fetched by its account, and by anybody only where the order says so', async () => {
    const client = await enrolled();
    const open = await place.issued(client, { 'allow-certificate-get': true });
    const closed = await place.issued(client);
    expect((await send({ method: 'GET', url: String(open.order['certificate']) })).text).toBe(open.pem);
    expect(reasonIn(await send({ method: 'GET', url: String(closed.order['certificate']) }))).toBe('not-found');
    const neither = await send({ method: 'GET', url: client.url('newOrder') });
    expect(neither.headers.get('allow')).toBe('POST');
    const put = await send({ method: 'POST', url: String(closed.order['certificate']), type: 'text/plain' });
    expect(put.status).toBe(415);
  });
});

describe('the token authority over TLS', () => {
  const ask = async (client: AcmeCaller, domain: string, certificate?: Client): Promise<Got> => {
    const body = JSON.stringify({ atc: { tktype: 'TNAuthList', tkvalue: VALUE, ca: false, fingerprint: client.key.fingerprint } });
    return await send({ method: 'POST', url: `${origin}/at/account/${domain}/token`, type: 'application/json', body }, certificate);
  };

  test('knows an AP by its client certificate, and gives it what its challenge asks for', async () => {
    const client = await enrolled();
    const got = await ask(client, 'a.example', tls.client([{ dns: 'a.example' }]));
    expect(got.status).toBe(200);
    const made = bodyOf(await place.order(client));
    const { token } = bodyOf(got);
    expect(bodyOf(await client.post(await place.challengeOf(client, made), { tkauth: token }))['status']).toBe('valid');
  });

  test('gives nothing to nobody, to another AP, or to who is no AP', async () => {
    const client = await enrolled();
    expect((await ask(client, 'a.example')).status).toBe(403);
    expect(reasonIn(await ask(client, 'a.example', tls.client([{ dns: 'b.example' }])))).toBe('account-mismatch');
    expect(reasonIn(await ask(client, 'np.example', tls.client([{ dns: 'np.example' }])))).toBe('account-mismatch');
    expect(reasonIn(await ask(client, 'b.example', tls.client([{ dns: 'b.example' }])))).toBe('not-granted');
  });
});
