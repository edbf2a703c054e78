import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { IncomingHttpHeaders } from 'node:http';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { makeDevPki } from '../../src/adapters/desk/index.js';
import { isPublicAddress } from '../../src/adapters/x5u/index.js';
import { readWebhook } from '../../src/client/index.js';
import { encodePem } from '../../src/encoding/index.js';
import { startGateway, type GatewayHandle } from '../../src/main.js';
import { ask, type Reply } from '../support/http-site.js';
import { registrationClaims, signed } from '../support/served-gateway.js';
import { SOMEWHERE, openOrigin, originTrust, resolvesTo, serverIdentity, type Origin } from '../support/tls-origin.js';

const TN = '12025550100';
const SII = `tel:+${TN}`;
const SSI = 'mimi://a.example/u/alice';
const directory = mkdtempSync(join(tmpdir(), 'signpost-webhook-'));
const pki = makeDevPki({ out: join(directory, 'pki'), now: () => Date.now(), random: randomBytes });
const ca = encodePem('CERTIFICATE', pki.hierarchy.authority('tls-ca').certificate);
const lines: string[] = [];

interface Message {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const messages: Message[] = [];
const waiting: ((message: Message) => void)[] = [];
const received = (): Promise<Message> => {
  const message = messages.shift();
  return message === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(message);
};

let origin: Origin;
let handle: GatewayHandle;

beforeAll(async () => {
  origin = await openOrigin(
    (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        response.writeHead(204).end();
        const message = { headers: request.headers, body: Buffer.concat(parts) };
        const next = waiting.shift();
        if (next === undefined) messages.push(message);
        else next(message);
      });
    },
    serverIdentity(['hooks.b.example']),
  );
  handle = await start();
});

const start = (): Promise<GatewayHandle> =>
  startGateway({
    dataDir: join(directory, 'data'),
    pkiDir: join(directory, 'pki'),
    port: 0,
    log: pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }),
    outside: {
      resolver: resolvesTo(SOMEWHERE),
      trust: [originTrust()],
      network: {
        isAllowed: (address) => address === '127.0.0.1' || isPublicAddress(address),
        connect: () => connect({ host: '127.0.0.1', port: origin.port }),
      },
    },
  });

afterAll(async () => {
  await handle.stop();
  await origin.close();
  rmSync(directory, { recursive: true, force: true });
});

const call = (as: string, method: string, path: string, body?: unknown): Promise<Reply> => {
  const client = {
    cert: readFileSync(join(directory, `pki/clients/${as}.pem`), 'utf8'),
    key: readFileSync(join(directory, `pki/clients/${as}.key.pem`), 'utf8'),
  };
  const isPassport = typeof body === 'string';
  const headers = { 'Content-Type': isPassport ? 'application/passport' : 'application/json' };
  const sent = body === undefined ? {} : { headers, body: isPassport ? body : JSON.stringify(body) };
  return ask(handle.port, ca, { method, path, client, ...sent });
};
const put = (url: string): Promise<Reply> => call('b.example', 'PUT', '/v1/webhook', { url });
const stated = async (as = 'b.example'): Promise<unknown> => JSON.parse((await call(as, 'GET', '/v1/webhook')).body.toString());

describe('a webhook', () => {
  test('goes to a host of the principal alone, over https', async () => {
    for (const url of [
      'https://hooks.c.example/',
      'https://notb.example/',
      'http://b.example/',
      'https://b.example:444/',
      'https://127.0.0.1/',
    ])
      expect([url, (await put(url)).status]).toEqual([url, 400]);
    expect((await put('https://hooks.b.example/signpost')).status).toBe(200);
    expect([await stated(), await stated('a.example')]).toEqual([{ url: 'https://hooks.b.example/signpost' }, { url: null }]);
    expect((await call('operator.example', 'PUT', '/v1/webhook', { url: 'https://operator.example/' })).status).toBe(403);
  });

  test('tells, signed, what changed of an answer that its principal holds', async () => {
    const credential = pki.hierarchy.delegate({ spc: '709J', provider: 'a.example', numbers: [{ start: TN, count: 10 }] });
    expect((await call('a.example', 'POST', '/v1/passports', signed(credential, registrationClaims(TN, SSI)))).status).toBe(201);
    expect((await call('b.example', 'POST', '/v1/lookups', { sii: SII, view: 'all' })).status).toBe(200);
    expect((await call('a.example', 'POST', '/v1/withdrawals', { sii: SII, ssi: SSI })).status).toBe(200);
    const { headers, body } = await received();
    const { events } = readWebhook(headers, body, { receiptVkey: handle.receiptVkey, now: Date.now() / 1000 });
    expect(events).toEqual([{ event: 'changed', id: expect.stringMatching(/^1-\d+$/), sii: SII }]);
    expect([headers['content-type'], headers.host, origin.asked]).toEqual(['application/json', 'hooks.b.example', ['/signpost']]);
  });

  test('is counted without a name, and nothing personal is logged', async () => {
    const metrics = (await call('operator.example', 'GET', '/metrics')).body.toString();
    expect(metrics).toMatch(/^signpost_webhook_messages_total\{outcome="delivered"\} 1$/m);
    expect(lines.join('\n')).not.toContain(TN);
  });

  test('is there after a restart, begins with a reset, and ends with DELETE', async () => {
    await handle.stop();
    handle = await start();
    const { headers, body } = await received();
    expect(readWebhook(headers, body, { receiptVkey: handle.receiptVkey, now: Date.now() / 1000 }).events).toMatchObject([
      { event: 'reset' },
    ]);
    expect((await call('b.example', 'DELETE', '/v1/webhook')).status).toBe(200);
    expect(await stated()).toEqual({ url: null });
  });
});
