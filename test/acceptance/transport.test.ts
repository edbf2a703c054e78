import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { connect as connectTls, type SecureVersion } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ask } from '../support/http-site.js';
import { AcceptanceBed, OTT, RCS, STORES, jsonOf, refusalOf } from '../support/acceptance-bed.js';
import { ServedGateway, tlsOf } from '../support/served-gateway.js';

/* Rows 17.1 and 18.1: nothing in clear, and nobody unknown. */

describe.each(STORES)('a gateway over %s', (store) => {
  let bed: AcceptanceBed;
  const stranger = new ServedGateway();

  beforeAll(async () => {
    bed = await AcceptanceBed.open(store);
  });
  afterAll(async () => {
    await bed.close();
    await stranger.remove();
  });

  const spoken = (maxVersion: SecureVersion, minVersion: SecureVersion = 'TLSv1') =>
    new Promise<string>((resolve) => {
      const socket = connectTls(
        { host: '127.0.0.1', port: bed.port, ca: bed.served.ca, servername: 'localhost', maxVersion, minVersion },
        () => {
          resolve(String(socket.getProtocol()));
          socket.destroy();
        },
      );
      socket.on('error', () => resolve('refused'));
    });

  test('17.1 TLS 1.3 is spoken, and nothing older', async () => {
    expect([await spoken('TLSv1.3'), await spoken('TLSv1.2', 'TLSv1.2'), await spoken('TLSv1.1')]).toEqual([
      'TLSv1.3',
      'refused',
      'refused',
    ]);
    const { headers } = await bed.call(null, 'GET', '/healthz');
    expect(headers['strict-transport-security']).toMatch(/max-age=\d{8}/);
  });

  test('17.1 plain HTTP is not answered', async () => {
    const socket = connect(bed.port, '127.0.0.1');
    let answer = '';
    socket.on('data', (part: Buffer) => (answer += part.toString('latin1')));
    socket.on('error', () => undefined);
    socket.end('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'close');
    expect(answer).not.toContain('HTTP/');
  });

  test('17.1 who reads along sees neither number, nor id, nor who asks', async () => {
    const tn = bed.fresh();
    await bed.register(OTT, tn);
    const seen: Buffer[] = [];
    const relay = createServer((client) => {
      const gateway = connect(bed.port, '127.0.0.1');
      for (const [from, to] of [
        [client, gateway],
        [gateway, client],
      ] as const) {
        from.on('data', (part: Buffer) => seen.push(part));
        from.on('error', () => to.destroy());
        from.pipe(to);
      }
    }).listen(0, '127.0.0.1');
    await once(relay, 'listening');
    const { ca, ...client } = bed.served.tls(RCS);
    const headers = { 'Content-Type': 'application/json' };
    const { port } = relay.address() as AddressInfo;
    const reply = await ask(port, ca, {
      method: 'POST',
      path: '/v1/lookups',
      headers,
      body: JSON.stringify({ sii: `tel:+${tn}` }),
      client,
    });
    relay.close();
    expect(jsonOf(reply)).toMatchObject({ mappings: [{ ssi: `mimi://${OTT}/u/alice` }] });
    const octets = Buffer.concat(seen);
    expect(octets.length).toBeGreaterThan(reply.body.length);
    for (const text of [tn, 'alice', RCS, '/v1/lookups']) expect(octets.includes(text)).toBe(false);
  });

  describe('18.1', () => {
    const look = async (tls: object): Promise<unknown> => {
      const headers = { 'Content-Type': 'application/json' };
      const body = '{"sii":"tel:+12025550100"}';
      const reply = await ask(bed.port, bed.served.ca, { method: 'POST', path: '/v1/lookups', headers, body, ...tls });
      return reply.status === 200 ? 200 : [reply.status, jsonOf(reply)['reason']];
    };
    const clientOf = (domain: string, from = bed.served) => {
      const { ca: _ca, ...client } = tlsOf(from.pki.hierarchy.tlsClient(domain), bed.served.ca);
      return { client };
    };

    test('a client is who its certificate says, and nobody without one', async () => {
      expect(await look(clientOf(OTT))).toBe(200);
      for (const tls of [{}, clientOf('nobody.example'), clientOf(OTT, stranger)]) expect(await look(tls)).toEqual([401, 'client-unknown']);
    });

    test('a client speaks to no other gateway than the one whose authority it knows', async () => {
      await expect(ask(bed.port, stranger.ca, { path: '/healthz' })).rejects.toThrow();
    });

    test('an AP may not use the routes of an operator or a provider', async () => {
      for (const [method, path] of [
        ['POST', '/v1/admin/reload'],
        ['GET', `/v1/admin/principals/${RCS}`],
        ['DELETE', `/v1/admin/principals/${RCS}`],
        ['GET', '/metrics'],
      ] as const) {
        const reply = await bed.call(OTT, method, path);
        expect([path, reply.status, jsonOf(reply)['reason']]).toEqual([path, 403, 'client-not-allowed']);
      }
      expect((await bed.call('np1.example', 'POST', '/v1/lookups', { sii: 'tel:+12025550100' })).status).toBe(403);
    });

    test('a client that is suspended, bound to another key or removed is so from its next request on, over a connection that stays', async () => {
      const domain = 'renewed.example';
      const terms = { kind: 'ap', class: 'consumer' };
      await bed.onboard(domain, terms);
      const reasonNow = async (): Promise<unknown> => {
        const reply = await bed.call(domain, 'POST', '/v1/lookups', { sii: 'tel:+12025550100' });
        return reply.status === 200 ? 200 : jsonOf(reply)['reason'];
      };
      expect(await reasonNow()).toBe(200);
      await bed.onboard(domain, { ...terms, suspended: true });
      expect(await reasonNow()).toBe('client-suspended');
      await bed.onboard(domain, { ...terms, clientKey: Buffer.alloc(32, 1).toString('base64') });
      expect(await reasonNow()).toBe('client-key-mismatch');
      await bed.onboard(domain, terms);
      expect(await reasonNow()).toBe(200);
      expect((await bed.call('operator.example', 'DELETE', `/v1/admin/principals/${domain}`)).status).toBe(200);
      expect(await reasonNow()).toBe('client-unknown');
    });

    test('a PASSporT speaks for the client that presents it alone', async () => {
      const passport = bed.registration(OTT, bed.fresh());
      expect((await refusalOf(bed.as(RCS).submit(passport))).reason).toBe('ap-mismatch');
      expect((await bed.as(OTT).submit(passport)).first).toBe(true);
    });
  });
});
